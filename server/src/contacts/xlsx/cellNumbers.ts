/** How the number of a cell is shown. */
export type NumberKind = 'number' | 'date' | 'time' | 'dateTime'

/** Formats that have no text of their own in a workbook; ECMA-376, part 1, 18.8.30. */
const BUILT_IN: [from: number, to: number, kind: NumberKind][] = [
  [14, 17, 'date'],
  [18, 21, 'time'],
  [22, 22, 'dateTime'],
  [27, 31, 'date'],
  [32, 33, 'time'],
  [34, 36, 'date'],
  [45, 47, 'time'],
  [50, 58, 'date'],
]

export function kindOfBuiltIn(id: number): NumberKind {
  return BUILT_IN.find(([from, to]) => id >= from && id <= to)?.[2] ?? 'number'
}

/** From a format as people write it, such as `dd/mm/yyyy`, `[h]:mm` or `#,##0.00 "dias"`. */
export function kindOfFormat(format: string): NumberKind {
  const first = format.split(';', 1)[0] ?? ''
  const bare = first
    .replace(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '')
    .replace(/"[^"]*"|\\.|_.|\*./g, '')
    .replace(/general/gi, '')
  const hasTime = /[hs]/i.test(bare)
  const hasDate = /[dy]/i.test(bare) || (/m/i.test(bare) && !hasTime)
  if (hasDate) return hasTime ? 'dateTime' : 'date'
  return hasTime ? 'time' : 'number'
}

/** Digits that a spreadsheet shows of a long number in a narrow cell: `5,51199E+12`. */
const SHOWN_DIGITS = 6
/** From so large on a whole number may be a telephone. */
const LONG = 1e9

/**
 * The number of a cell as its digits: `5.511987654321E12` is 5511987654321. Where an exponent stands for digits that
 * were lost (no more than what a spreadsheet shows are left) it stays, so that nobody takes the zeros for digits.
 */
export function plainNumber(raw: string): string {
  const match = /^[+-]?(\d+)(?:\.(\d+))?(e[+-]?\d+)?$/i.exec(raw)
  if (match === null) return raw
  const [, whole = '', fraction = '', exponent] = match
  const value = Number(raw)
  const digits = `${whole}${fraction}`.replace(/^0+|0+$/g, '')
  if (exponent === undefined) {
    if (/^0*$/.test(fraction)) return raw.replace(/\..*$/, '')
    // 17 digits are how a double is written down; the shortest that means the same is what somebody typed.
    return digits.length > 15 ? String(value) : raw
  }
  if (Number.isInteger(value) && Math.abs(value) >= LONG && digits.length <= SHOWN_DIGITS) return raw
  return Number.isFinite(value) ? String(value) : raw
}

const DAY_SECONDS = 86_400
/** Days from the beginning of spreadsheets to that of Unix; Excel counts a 29 February 1900 that never was. */
const TO_UNIX_DAYS = 25_569
const TO_1904_DAYS = 1462
const MAX_SERIAL = 2_958_466

/** Day first, as people write it where this product is at home: `22/11/2026`, `09:30`, `22/11/2026 09:30`. */
export function dateText(raw: string, kind: Exclude<NumberKind, 'number'>, from1904: boolean): string {
  const serial = Number(raw)
  if (!Number.isFinite(serial) || serial < 0 || serial >= MAX_SERIAL) return plainNumber(raw)
  const seconds = Math.round(serial * DAY_SECONDS)
  if (kind === 'time') return timeText(seconds)
  const days = Math.floor(seconds / DAY_SECONDS)
  const shifted = from1904 ? days + TO_1904_DAYS : days < 60 ? days + 1 : days
  const day = dayText(new Date((shifted - TO_UNIX_DAYS) * DAY_SECONDS * 1000))
  return kind === 'date' ? day : `${day} ${timeText(seconds % DAY_SECONDS)}`
}

/** `2026-11-22` or `2026-11-22T09:30:00` in the same form. */
export function isoDateText(iso: string): string {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d:\d\d)(?::(\d\d))?)?/.exec(iso)
  if (match === null) return iso
  const [, year, month, day, time, seconds = '00'] = match
  const clock = time === undefined ? '' : ` ${time}${seconds === '00' ? '' : `:${seconds}`}`
  return `${day}/${month}/${year}${clock}`
}

function dayText(date: Date): string {
  const [year, month, day] = date.toISOString().slice(0, 10).split('-')
  return `${day}/${month}/${year}`
}

/** Hours go beyond 24 where the format counts them. */
function timeText(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  if (seconds % 60 !== 0) parts.push(seconds % 60)
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}
