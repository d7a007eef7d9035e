import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { normalizePhoneInput } from './normalizePhoneInput.ts'

/*
 * 5,541 public services of Portugal with their telephone field as people typed it. The file stays outside: what is kept
 * here are numbers of lines and verdicts. SHARED_DATA_DIR names its folder where it is not beside the repository.
 */
const FILE = join(
  process.env['SHARED_DATA_DIR'] ?? join(import.meta.dirname, '../../../../shared/data'),
  'servicos-publicos-pt.csv',
)

/** Lines read by a person, every field compared with what it was read as: the number is right. */
const RIGHT = `
  2 4 94 188 290 317 368 418 503 585 603 618 630 642 738 772 791 803 819 837 855 891 899 914 932 944 956 978
  1058 1086 1114 1125 1128 1140 1178 1206 1225 1260 1289 1294 1386 1495 1583 1672 1705 1768 1870 1939 1976 2015
  2073 2132 2181 2238 2270 2296 2396 2482 2566 2654 2659 2745 2812 2901 3034 3056 3111 3148 3163 3180 3265 3270
  3363 3398 3510 3534 3612 3650 3679 3690 3701 3712 3724 3735 3746 3758 3769 3780 3799 3817 3834 3852 3870 3885
  3889 3910 3924 3940 3961 3983 4007 4030 4054 4076 4096 4115 4120 4133 4148 4169 4184 4203 4227 4249 4265 4284
  4302 4320 4340 4358 4376 4387 4393 4412 4448 4462 4517 4529 4540 4554 4565 4577 4608 4621 4629 4718 4806 4891
  4979 5065 5106 5117 5130 5142 5164 5194 5213 5221 5315 5318 5377 5420 5453 5474 5508`
/** The same: right to have none. No number of Portugal stands there, by its numbering plan, or nothing at all. */
const RIGHTLY_NONE = `
  60 285 331 337 1034 1350 1375 1848 2362 2394 2848 2942 3011 3406 3439 3611 3841 3865 3966 4003 4035 4047 4051
  4061 4070 4092 4098 4117 4138 4188 4228 4237 4248 4287 4289 4314 4369 4419 4421 4428 4430 4435 4439 4458 5103`
/** Of what these lines were read as, when a person compared them: another digest is another reading of one of them. */
const DIGEST_OF_SAMPLE = '5ebd06a52322e727f2e80d5a635641fe247b70a7f7146cc159f8b1a3cff331b4'

/** The plan of Portugal: landlines by area, mobiles, and numbers without an area. Nine digits each. */
const AREAS = '21|22|23[1-689]|24[1-5]|249|25[1-9]|26[1-3]|26[5689]|27[1-9]|28[1-6]|289|29[1256]'
const IN_PLAN = new RegExp(`(?<!\\d)(?:(?:\\+|00)?351)?((?:${AREAS}|9[1-36])\\d+|(?:30|70|80)\\d{7})(?!\\d)`, 'g')

type Row = { line: number; field: string }

const rows = readRows()
const present = rows.length > 0

function readRows(): Row[] {
  if (!existsSync(FILE)) {
    process.stdout.write(`${FILE} is not there: the reading of real fields is not checked.\n`)
    return []
  }
  const table: string[][] = parse(readFileSync(FILE), { delimiter: ';', bom: true })
  return table.slice(1).map(([, field = ''], index) => ({ line: index + 2, field }))
}

function meaningOf(field: string): string {
  const read = normalizePhoneInput(field, 'PT')
  return read.ok ? read.e164 : read.reason
}

/** By nothing but the plan: digits that stand together, whatever people put between them. */
function holdsNumber(field: string): boolean {
  const joined = field.replace(/<[^>]*>/g, '|').replace(/(?<=\d)[\s.\u00a0]+(?=\d)/g, '')
  return [...joined.matchAll(IN_PLAN)].some(([, digits = '']) => digits.length === 9)
}

function linesOf(list: string): number[] {
  return list.trim().split(/\s+/).map(Number)
}

describe('real fields', () => {
  it('that hold a number that can be dialled yield one, and the others have their reason', () => {
    const holding = rows.filter(({ field }) => holdsNumber(field))
    const read = holding.filter(({ field }) => meaningOf(field).startsWith('+351'))
    expect(read.length).toBeGreaterThanOrEqual(holding.length * 0.99)
    const others = rows.filter(({ field }) => !meaningOf(field).startsWith('+351'))
    const reasons = new Set(others.map(({ field }) => meaningOf(field)))
    const known = ['EMPTY', 'EXCEL_EXPONENT', 'TOO_SHORT', 'TOO_LONG', 'NOT_DIALABLE', 'NOT_A_NUMBER']
    expect([...reasons].filter((reason) => !known.includes(reason))).toEqual([])
    expect([rows.length, holding.length]).toEqual(present ? [5541, 5061] : [0, 0])
  })

  it('never become a number whose digits do not stand there', () => {
    const strange = rows.filter(({ field }) => {
      const meaning = meaningOf(field)
      return (
        meaning.startsWith('+') &&
        !field
          .replace(/<[^>]*>/g, '')
          .replace(/[\s.\u00a0]/g, '')
          .includes(meaning.slice(4))
      )
    })
    expect(strange.map(({ line }) => line)).toEqual([])
  })

  it('that a person has read mean what the person read', () => {
    const fieldOf = new Map(rows.map(({ line, field }) => [line, field]))
    const right = linesOf(RIGHT)
    const none = linesOf(RIGHTLY_NONE)
    expect(new Set([...right, ...none]).size).toBe(200)
    if (!present) return
    const meanings = [...right, ...none].map((line) => `${line} ${meaningOf(fieldOf.get(line) ?? '')}`)
    expect(right.filter((line) => !meaningOf(fieldOf.get(line) ?? '').startsWith('+351'))).toEqual([])
    expect(none.filter((line) => meaningOf(fieldOf.get(line) ?? '').startsWith('+'))).toEqual([])
    expect(createHash('sha256').update(meanings.join('\n')).digest('hex')).toBe(DIGEST_OF_SAMPLE)
  })
})
