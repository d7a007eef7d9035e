import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkTraceability, IDS, NOT_BUILT, PAGE, ROOT } from './checkTraceability.ts'

let page: string

beforeAll(async () => {
  page = await readFile(join(ROOT, PAGE), 'utf8')
})

/** What the page is accused of after `from` in it has become `to`. */
function after(from: string, to: string): string[] {
  expect(page).toContain(from)
  return checkTraceability(page.replace(from, to))
}

it('every id has its place and its test, and all that the page names is there', () => {
  expect(checkTraceability(page)).toEqual([])
})

it('the ids are those of the order', () => {
  const counts = [/^\d/, /^S/, /^P/, /^B/].map((pattern) => IDS.filter((id) => pattern.test(id)).length)
  expect(counts).toEqual([48, 32, 18, 8])
  expect(new Set(IDS).size).toBe(IDS.length)
})

describe('is accused:', () => {
  it('an id that is not on the page', () => {
    expect(after('| S3.1 |', '| S3.9 |')).toEqual(['S3.1 has no row.'])
    expect(after('| 2.1–2.4 |', '| 2.1–2.3 |')).toEqual(['2.4 has no row.'])
  })

  it('an id without a test', () => {
    expect(after('| `phone/PhoneCache.test.ts` |\n| S4.3', '| not yet |\n| S4.3')).toEqual(['S4.1 has no test.'])
  })

  it('an id that only has tests', () => {
    expect(after('| P13 | `contract/src/timeRemaining.ts` |', '| P13 | |')).toEqual(['P13 has no place in the code.'])
  })

  it('a file that is not there', () => {
    expect(after('`dispatch/batches.test.ts`', '`dispatch/batchez.test.ts`')).toContain(
      'P11: there is no dispatch/batchez.test.ts.',
    )
  })

  it('a test that its file does not have', () => {
    expect(after('"normalise to one E.164"', '"normalise to two E.164"')).toEqual([
      'P16: contract/src/phone/normalizePhoneInput.test.ts has no test “normalise to two E.164”.',
    ])
  })

  it('a fault case that does not exist', () => {
    expect(after('`faults/` K09 |', '`faults/` K99 |')).toEqual(['S7.6: there is no fault case K99.'])
  })

  it('an id that is said not to be built and has a test', () => {
    expect(checkTraceability(page, ROOT, [...NOT_BUILT, 'S4.1'])).toEqual([
      'S4.1 has a test now: take it off the list of what is not built.',
    ])
  })

  it('an id that nobody has built, unless it is on that list', () => {
    expect(checkTraceability(page, ROOT, [])).toEqual(NOT_BUILT.map((id) => `${id} has no test.`))
  })
})
