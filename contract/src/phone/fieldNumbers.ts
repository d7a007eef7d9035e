import type { RejectReason } from '../imports.ts'
import { callingCode, dial, type DialResult } from './dial.ts'
import { digitCount, GAP, readDigitBlocks, type DigitBlock } from './digitBlocks.ts'

/**
 * What a field holds, in order: numbers that can be dialled, attempts that cannot, `shorthand` for a further line
 * (`219888888 / 9`), and `text`: digits that are no number at all (an extension, a house number).
 */
export type FieldNumber =
  | { kind: 'dialable'; e164: string; country: string | null; digits: number }
  | { kind: 'undialable' | 'shorthand' | 'text'; raw: string; digits: number; reason: RejectReason }

/** The shortest subscriber numbers have seven digits; fewer are shorthand, an extension or noise. */
const SHORTEST_NUMBER = 7
/** On small islands, and in Andorra, numbers have four to six digits. All of these have country codes of three. */
const SHORTEST_ALONE = 4
const CODE_OF_SMALL_COUNTRIES = 3
/** An area code with trunk 0, or a country code with an area code, standing before a separator. */
const LONGEST_AREA_CODE = 4
const LONGEST_COUNTRY_AND_AREA_CODE = 6
/** More blocks than this are no field of numbers; the rest is not looked at. */
const MAX_BLOCKS = 32
/** The same for groups of digits within a block: room for five numbers, every digit apart. */
const MAX_GROUPS = 64

export function readNumbers(field: string, country: string): { numbers: FieldNumber[]; hasText: boolean } {
  const text = withoutOptionalZero(field)
  const { blocks, hasText } = readDigitBlocks(text)
  const numbers: FieldNumber[] = []
  const isAlone = blocks.length === 1 && !hasText
  const shortest = isAlone ? shortestOf(country) : SHORTEST_NUMBER
  for (let at = 0; at < Math.min(blocks.length, MAX_BLOCKS); at++) {
    const block = blocks[at]
    if (block === undefined) break
    const joined = joinAreaCode(block, blocks[at + 1], country)
    if (joined !== null) at += 1
    numbers.push(...(joined ?? readBlock(block, text, { country, shortest })))
    if (isCountryCodeAlone(block, joined)) return { numbers: [undialable(block, text, 'NOT_DIALABLE')], hasText }
  }
  return { numbers, hasText }
}

/** Of a number that is all that stands in a field; beside others, so few digits would be shorthand. */
function shortestOf(country: string): number {
  return callingCode(country)?.length === CODE_OF_SMALL_COUNTRIES ? SHORTEST_ALONE : SHORTEST_NUMBER
}

/** `+44 (0)20 …`: the zero is for callers inside the country. */
function withoutOptionalZero(text: string): string {
  return text.includes('+') || text.startsWith('00') ? text.replaceAll('(0)', ' ') : text
}

/** `11/98765-4321`, `+55 / 11 98765-4321`: a separator after the area code does not make it a number of its own. */
function joinAreaCode(block: DigitBlock, next: DigitBlock | undefined, country: string): FieldNumber[] | null {
  if (next === undefined || block.unreadable || next.unreadable || next.plus) return null
  const isCode = block.plus
    ? digitCount(block) <= LONGEST_COUNTRY_AND_AREA_CODE
    : next.gap === GAP.slash && digitCount(block) <= LONGEST_AREA_CODE
  if (!isCode) return null
  const result = dial([...block.groups, ...next.groups].join(''), block.plus, country)
  return result.ok ? [dialable(result, digitCount(block) + digitCount(next))] : null
}

/** After `+44` that leads nowhere, what follows must not be read as a number of the default country. */
function isCountryCodeAlone(block: DigitBlock, joined: FieldNumber[] | null): boolean {
  return joined === null && block.plus && digitCount(block) < SHORTEST_NUMBER
}

/** Where the field is at home, and from how many digits on something is a number. */
type Rules = { country: string; shortest: number }

function readBlock(block: DigitBlock, text: string, rules: Rules): FieldNumber[] {
  if (block.unreadable) return [undialable(block, text, 'NOT_A_NUMBER')]
  const parts = splitBlock(block, rules)
  if (parts === null) return [undialable(block, text, reasonOf(block, rules.country))]
  return parts.map((part) => part.number ?? leftover(part.groups.join(''), GAP.slash))
}

type Part = { groups: string[]; number: FieldNumber | null }

/** Numbers side by side: the longest start that can be dialled, then the same for what remains. Null when none can. */
function splitBlock(block: DigitBlock, rules: Rules): Part[] | null {
  const parts: Part[] = []
  let from = 0
  while (from < Math.min(block.groups.length, MAX_GROUPS)) {
    const end = longestDialable(block, from, rules)
    const to = end?.to ?? nextDash(block, from)
    if (end === null && isUncertain(block, from, to)) {
      return parts.length === 0 ? null : [...parts, { groups: block.groups.slice(from), number: null }]
    }
    parts.push({ groups: block.groups.slice(from, to), number: end?.number ?? null })
    from = to
  }
  return parts.some((part) => part.number !== null) ? parts : null
}

/** A start that cannot be dialled may only be left behind where a dash ends it and it is long enough to be a number. */
function isUncertain(block: DigitBlock, from: number, to: number): boolean {
  return to === block.groups.length || block.groups.slice(from, to).join('').length < SHORTEST_NUMBER
}

function nextDash(block: DigitBlock, from: number): number {
  const dash = block.dashed.indexOf(true, from + 1)
  return dash < 0 ? block.groups.length : dash
}

function longestDialable(
  block: DigitBlock,
  from: number,
  { country, shortest }: Rules,
): { to: number; number: FieldNumber } | null {
  for (let to = Math.min(block.groups.length, from + 20); to > from; to--) {
    const digits = block.groups.slice(from, to).join('')
    if (digits.length < shortest || !mayEndAt(block, to)) continue
    const result = dial(digits, block.plus && from === 0, country)
    if (result.ok) return { to, number: dialable(result, digits.length) }
  }
  return null
}

/** `219738131 12` may be a typing mistake in one number; with a dash or seven more digits it is another one. */
function mayEndAt(block: DigitBlock, to: number): boolean {
  if (to === block.groups.length || block.dashed[to] === true) return true
  // A group has a digit at least, so as many groups are enough; looking at all of them would be quadratic work.
  return block.groups.slice(to, to + SHORTEST_NUMBER).join('').length >= SHORTEST_NUMBER
}

function reasonOf(block: DigitBlock, country: string): RejectReason {
  const result = dial(block.groups.join(''), block.plus, country)
  return result.ok ? 'NOT_DIALABLE' : result.reason
}

function dialable(result: DialResult & { ok: true }, digits: number): FieldNumber {
  return { kind: 'dialable', e164: result.e164, country: result.country, digits }
}

function undialable(block: DigitBlock, text: string, reason: RejectReason): FieldNumber {
  const digits = digitCount(block)
  const raw = text.slice(block.start, block.end).slice(0, 64)
  return leftover(raw, block.gap, digits, reason)
}

function leftover(raw: string, gap: number, digits = raw.length, reason: RejectReason = 'NOT_DIALABLE'): FieldNumber {
  const kind = digits >= SHORTEST_NUMBER ? 'undialable' : gap === GAP.slash || gap === GAP.list ? 'shorthand' : 'text'
  return { kind, raw, digits, reason }
}
