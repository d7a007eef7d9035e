import { AREA } from './brazil.ts'
import type { Repaired } from './repairs.ts'
import { readWhole, type TypedField } from './TypedField.ts'

/** Codes of the carriers that long-distance calls are dialled through, as libphonenumber's metadata has them. */
const CARRIERS = '(?:1[245]|2[1-35]|31|4[13]|[56]5|99)'

const NINTH_TWICE = new RegExp(`^(${AREA})9{1,2}(9[6-9]\\d{7})$`)
const CARRIER = new RegExp(`^${CARRIERS}(${AREA}(?:9[6-9]\\d{7}|[2-5]\\d{7}))$`)
/** `9 (11) 8765-4321`: the nine stands by itself, before the area code. */
const NINTH_FIRST = new RegExp(
  `^(?:\\+?55[\\s.-]*)?\\(?9\\)?(?:[\\s.-]+\\(?|\\()0?(${AREA})\\)?[\\s.-]+([6-9]\\d{3})[\\s.-]*(\\d{4})$`,
)
const LIKE_MOBILE = new RegExp(`^${AREA}9`)

/** `11 9 98765-4321` */
export function dropDoubledNinthDigit({ digits, country }: TypedField): Repaired | null {
  if (digits === null) return null
  for (const national of nationalForms(digits, country)) {
    const [, area, subscriber] = NINTH_TWICE.exec(national) ?? []
    if (area !== undefined && subscriber !== undefined) return repaired(area + subscriber)
  }
  return null
}

/** `15 11 98765-4321` */
export function dropCarrierCode({ digits, country }: TypedField): Repaired | null {
  if (digits === null) return null
  for (const national of nationalForms(digits, country)) {
    const rest = CARRIER.exec(national)?.[1]
    if (rest !== undefined) return repaired(rest)
  }
  return null
}

/** `9 (11) 8765-4321` */
export function moveNinthDigit({ plain, digits, country }: TypedField): Repaired | null {
  if (digits === null || (country !== 'BR' && !digits.startsWith('55'))) return null
  const [, area, prefix, line] = NINTH_FIRST.exec(plain) ?? []
  return area === undefined ? null : repaired(`${area}9${prefix}${line}`)
}

/** Whether the digits begin as a mobile number of Brazil would. */
export function beginsLikeMobile(digits: string): boolean {
  return LIKE_MOBILE.test(digits)
}

/** With the country code, with the trunk zero, and without. */
function nationalForms(digits: string, country: string): string[] {
  const bare = digits.replace(/^0+/, '')
  const behindCode = bare.startsWith('55') ? [bare.slice(2).replace(/^0/, '')] : []
  return country === 'BR' ? [bare, ...behindCode] : behindCode
}

function repaired(national: string): Repaired | null {
  const [phone] = readWhole(`+55${national}`, 'BR')
  return phone === undefined ? null : { phone, confidence: 'medium' }
}
