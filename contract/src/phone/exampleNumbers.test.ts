import examples from 'libphonenumber-js/examples.mobile.json' with { type: 'json' }
import { getExampleNumber, type CountryCode } from 'libphonenumber-js/max'
import { expect, it } from 'vitest'
import { normalizePhoneInput } from './normalizePhoneInput.ts'

type Example = NonNullable<ReturnType<typeof getExampleNumber>>

const EXAMPLES = Object.keys(examples).map((country) => {
  const number = getExampleNumber(country as CountryCode, examples)
  if (number === undefined) throw new Error(`libphonenumber has no example of ${country}.`)
  return { country, number }
})

/** Ways in which people write one number: the text, and where whoever reads it is at home. */
const SPELLINGS: Record<string, (number: Example, country: string) => [text: string, home: string]> = {
  'as it is dialled at home': (number, country) => [number.formatNational(), country],
  'with its country code, from elsewhere': (number) => [number.formatInternational(), 'BR'],
  'with 00 and no separators': (number) => [`00${number.number.slice(1)}`, 'BR'],
  'with dots and brackets': (number) => [
    `(+${number.countryCallingCode}) ${number.nationalNumber.replace(/(\d{3})(?=\d)/g, '$1.')}`,
    'BR',
  ],
  'in digits of another script': (number) => [
    number.number.replace(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit))),
    'BR',
  ],
  'as an address of WhatsApp': (number) => [`${number.number.slice(1)}@s.whatsapp.net`, 'BR'],
}

it.each(Object.entries(SPELLINGS))('the example number of every country is read %s', (_, spell) => {
  const wrong = EXAMPLES.flatMap(({ country, number }) => {
    const [text, home] = spell(number, country)
    const read = normalizePhoneInput(text, home)
    return read.ok && read.e164 === number.number ? [] : [{ country, text, wanted: number.number, read }]
  })
  expect(wrong).toEqual([])
  expect(EXAMPLES.length).toBeGreaterThan(230)
})
