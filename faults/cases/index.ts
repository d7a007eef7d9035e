import type { Lab, Numbers } from '../lab/Lab.ts'
import { ACCESS_CASES } from './accessCases.ts'
import { coldStart } from './coldStart.ts'
import { CONTROL_CASES } from './controlCases.ts'
import { DATABASE_CASES } from './databaseCases.ts'
import { databaseFollows } from './databaseFollows.ts'
import { deathAfterClaim } from './deathAfterClaim.ts'
import { deathBeforeSettle } from './deathBeforeSettle.ts'
import { drain } from './drain.ts'
import { EMBEDDED_CASES } from './embeddedCases.ts'
import { GATEWAY_CASES } from './gatewayCases.ts'
import { IMPORT_CASES } from './importCases.ts'
import { killAnytime } from './killAnytime.ts'
import { killEmbedded } from './killEmbedded.ts'
import { killHolder } from './killHolder.ts'
import { killWorker } from './killWorker.ts'
import { modelBased } from './modelBased.ts'
import { pauseArithmetic } from './pauseArithmetic.ts'
import { PROCESS_CASES } from './processCases.ts'
import { REQUEST_CASES } from './requestCases.ts'
import { restoredCopy } from './restoredCopy.ts'
import { secondServer } from './secondServer.ts'
import { singleFirst } from './singleFirst.ts'
import { soak } from './soak.ts'
import { unrelatedWorker } from './unrelatedWorker.ts'
import { TIME_CASES } from './timeCases.ts'
import { WEBHOOK_CASES } from './webhookCases.ts'

export type FaultCase = {
  /** One sentence: what is done, what must come of it. */
  about: string
  /** Throws `ExpectationFailed` when something else came of it. */
  run: (lab: Lab) => Promise<Numbers>
  /** Takes so long that it runs only when it is asked for. */
  byNameOnly?: true
}

/** Every case by its id: K, P and C are those of the fault matrix. */
export const CASES: Record<string, FaultCase> = {
  K01: {
    about: 'kill -9 at random moments, embedded and on an external PostgreSQL: nobody is missing, nobody has two ids',
    run: killAnytime,
  },
  'K01-embedded': {
    about: 'the half of K01 on the embedded database, killed with and without its server',
    run: killEmbedded,
    byNameOnly: true,
  },
  'K01-external': {
    about: 'the half of K01 on an external PostgreSQL: paused for a person, then exactly the rest',
    run: killWorker,
    byNameOnly: true,
  },
  K02: {
    about: 'the sending worker dies: the other one takes over by itself, and not before the lease has run out',
    run: killHolder,
  },
  K08: { about: 'an unrelated worker comes and goes: the campaign does not notice', run: unrelatedWorker },
  K09: { about: 'cold start: no request before a person resumes', run: coldStart },
  K11: {
    about: 'SIGTERM: no new request, what is under way is drained, the rest given back; also hanging, also twice',
    run: drain,
  },
  K12: { about: 'death in the moment of the claim: nothing has left, nothing is burnt', run: deathAfterClaim },
  K13: {
    about: 'death between the acceptance and its settle: same id again, and nobody reached is called failed',
    run: deathBeforeSettle,
  },
  P01: { about: 'a second server on one directory: refused within 2 s, the first unharmed', run: secondServer },
  P03: {
    about: 'kill -9 of the server: its database ends by itself and the next start works at once',
    run: databaseFollows,
  },
  C08: { about: 'pause near the start, in the middle and at the end: exactly the rest is sent', run: pauseArithmetic },
  'single-first': {
    about:
      'single messages while a campaign runs and the server is killed: first on the lane, each once, resumed by nobody',
    run: singleFirst,
  },
  S01: {
    about: 'random sequences of people, gateway and power cuts against a model: the product never differs from it',
    run: modelBased,
  },
  S03: {
    about: 'every damage in random order for a long time: the books balance, and what never died has not grown',
    run: soak,
    byNameOnly: true,
  },
  S04: {
    about: 'a copy of an installation, restored or dumped, beside the first: sends nothing until a person arms it',
    run: restoredCopy,
  },
  ...DATABASE_CASES,
  ...EMBEDDED_CASES,
  ...CONTROL_CASES,
  ...GATEWAY_CASES,
  ...TIME_CASES,
  ...PROCESS_CASES,
  ...ACCESS_CASES,
  ...REQUEST_CASES,
  ...WEBHOOK_CASES,
  ...IMPORT_CASES,
}
