import { shownByServerTests } from '../lab/testRuns.ts'
import { forbiddenAddresses } from './forbiddenAddresses.ts'
import { fuzzApi } from './fuzzApi.ts'
import { hostileTexts } from './hostileTexts.ts'
import type { FaultCase } from './index.ts'
import { injections } from './injections.ts'
import { largeAndSlow } from './largeAndSlow.ts'
import { oddNumbers } from './oddNumbers.ts'

/** What an attacker may write into a request. */
export const REQUEST_CASES: Record<string, FaultCase> = {
  A09: {
    about: 'names of prototypes everywhere, and texts that want to compute: refused or literal, nothing leaks',
    run: hostileTexts,
  },
  A10: {
    about: 'two hundred injections in every string, id, filter and sort of every route: texts stay texts',
    run: injections,
  },
  A11: {
    about: 'texts that reach for functions, files, the environment or endless work: refused or literal, within 5 ms',
    run: shownByServerTests('templates/hostileTemplates.test.ts'),
  },
  A12: {
    about: 'addresses of this machine and of private networks in every spelling, as gateway and as link: never asked',
    run: forbiddenAddresses,
  },
  A13: {
    about: 'bodies too large, too deep, too many-parted, and 500 that never end: refused, and nobody else waits',
    run: largeAndSlow,
  },
  A18: {
    about: 'ten thousand requests made from the API document, right and broken: no failure, every answer as it says',
    run: fuzzApi,
  },
  A21: {
    about: 'odd values in place of every number, odd pages of every list: refused for what they are, within a second',
    run: oddNumbers,
  },
}
