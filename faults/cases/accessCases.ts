import { shownByBrowserTests, shownByServerTests } from '../lab/testRuns.ts'
import { encryptionAtRest } from './encryptionAtRest.ts'
import { eventStreams } from './eventStreams.ts'
import { crossSiteRequests } from './crossSiteRequests.ts'
import { databaseRole } from './databaseRole.ts'
import { firstRunTakeover } from './firstRunTakeover.ts'
import { fixedSessions } from './fixedSessions.ts'
import { forgedTrail } from './forgedTrail.ts'
import { guessedPasswords } from './guessedPasswords.ts'
import { forwardedAddresses } from './forwardedAddresses.ts'
import type { FaultCase } from './index.ts'
import { keyRotation } from './keyRotation.ts'
import { secretsEverywhere } from './secretsEverywhere.ts'
import { stolenKeys } from './stolenKeys.ts'

/** Who may call what, and what an attacker may try on the API. */
export const ACCESS_CASES: Record<string, FaultCase> = {
  A01: {
    about:
      'every route with every id of another tenant, for every role: the same answer as for an id that is not there',
    run: shownByServerTests('http/routePolicy.test.ts', 'channels/tokenValidator.test.ts'),
  },
  A02: {
    about: 'fields of the server (role, owner, status, counts) in every body at every depth: refused by name',
    run: shownByServerTests('http/massAssignment.test.ts'),
  },
  A03: {
    about: 'two API processes, forged addresses in every header, directly and behind proxies: no limit is got around',
    run: forwardedAddresses,
  },
  A04: {
    about:
      'a thousand guesses at one account from everywhere: slowed in all processes, the owner still gets in, no time tells',
    run: guessedPasswords,
  },
  A05: {
    about: 'sessions end where they should, at once and in all processes, and no id is taken over from the browser',
    run: fixedSessions,
  },
  A06: {
    about: 'what another site makes a browser send is refused on every route; every answer has the protecting headers',
    run: crossSiteRequests,
  },
  A08: {
    about: 'API keys: broken, foreign, colliding, in URLs, revoked: refused everywhere, and stored nowhere',
    run: stolenKeys,
  },
  A20: {
    about:
      'values that forge lines, rows and sizes; people who would edit the trail; kills around the commit: one row a change',
    run: forgedTrail,
  },
  A22: {
    about: 'the role that the product works as: does all of its work and nothing else, embedded and external',
    run: databaseRole,
  },
  A23: { about: 'many first administrators at once: one wins, the door stays closed', run: firstRunTakeover },
  A14: {
    about: 'thirty texts that would be elements, wherever a page shows a name or what a gateway said: shown as text',
    run: shownByBrowserTests('e2e/hostileNames.spec.ts'),
  },
  A15: {
    about: 'every secret through every failure and misuse, then searched in all that was written, stored and answered',
    run: secretsEverywhere,
  },
  A16: {
    about:
      'secrets at rest: searched, damaged, swapped, opened with another key; then SECRET_KEY is changed while sending',
    run: encryptionAtRest,
  },
  'A16-rotation': {
    about: 'the half of A16 that changes SECRET_KEY while a campaign is sent, killed again and again',
    run: keyRotation,
    byNameOnly: true,
  },
  A17: {
    about:
      'event streams: a thousand opened and left, unread, open at the shutdown, of others, outliving their sign-in',
    run: eventStreams,
  },
}
