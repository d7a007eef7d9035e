import { expect, test } from 'vitest'
import { CASES } from './cases/index.ts'
import { Lab } from './lab/Lab.ts'

/** Tests share two cores with each other: what is slow here is the machine, not the product. */
const SLACK = 4
const LIMIT_MS = 120_000

/** Cases whose short form takes seconds, as tests; `npm run faults` runs all, and longer. */
export function testCases(ids: string[]): void {
  for (const id of ids) {
    test(`${id}: ${CASES[id]?.about}`, { timeout: LIMIT_MS }, async () => {
      const lab = new Lab({ seed: 7, size: 'short', slack: SLACK })
      try {
        expect(await CASES[id]?.run(lab)).toBeTypeOf('object')
      } finally {
        await lab.close()
      }
    })
  }
}
