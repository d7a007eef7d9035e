import { brokenConnections } from './brokenConnections.ts'
import { gatewayFuzz } from './gatewayFuzz.ts'
import { gatewayHangs } from './gatewayHangs.ts'
import type { FaultCase } from './index.ts'
import { hugeAnswers } from './hugeAnswers.ts'
import { lateSuccess } from './lateSuccess.ts'
import { metaCodes } from './metaCodes.ts'
import { nonsenseAnswers } from './nonsenseAnswers.ts'
import { redirects } from './redirects.ts'
import { retryAfter } from './retryAfter.ts'
import { sequenceRetry } from './sequenceRetry.ts'
import { serverErrors } from './serverErrors.ts'
import { sessionGone } from './sessionGone.ts'
import { sharedPace } from './sharedPace.ts'
import { slowAnswers } from './slowAnswers.ts'
import { statusLies } from './statusLies.ts'
import { tokenRotated } from './tokenRotated.ts'
import { unreachable } from './unreachable.ts'

/** What a gateway can do to us. */
export const GATEWAY_CASES: Record<string, FaultCase> = {
  G01: {
    about: 'the gateway reads and never answers: ended at the deadline, maybe-sent, then one probe per 30 s',
    run: gatewayHangs,
  },
  G02: { about: 'answers that drip, headers or body: one deadline over everything', run: slowAnswers },
  G03: {
    about: 'the gateway is out of reach (refused, no host, certificates): nothing burnt, nobody unknown',
    run: unreachable,
  },
  G04: {
    about: 'connections that break before and after the read: freely again, or the same id, or unknown',
    run: brokenConnections,
  },
  G05: { about: 'everybody fails up to three times: all reached, every wait as promised, no herd', run: serverErrors },
  G06: {
    about: '429 with every kind of Retry-After: the whole number waits between 1 s and 15 min, nothing burnt',
    run: retryAfter,
  },
  G07: { about: "Meta's errors are told apart by their codes, whatever their titles say", run: metaCodes },
  G08: {
    about: 'the session is gone: paused within a second, nothing burnt, resume sends exactly the rest',
    run: sessionGone,
  },
  G09: {
    about: 'answers of 200 that are no success by any contract: never believed, never denied',
    run: nonsenseAnswers,
  },
  G10: { about: 'answers without end, packed and unpacked: cut at 64 KiB, the memory stays', run: hugeAnswers },
  G11: { about: 'redirects are not followed, and no token leaves with them', run: redirects },
  G14: { about: 'accepted after our deadline: the webhook resolves it, nobody gets it twice', run: lateSuccess },
  G16: { about: 'two campaigns, one number, three workers, one killed: the pace holds over the sum', run: sharedPace },
  G17: { about: 'ready only when connected and logged in, whatever half of it is true', run: statusLies },
  G18: { about: 'the token is rotated: paused, resumed with the new one, none in the logs', run: tokenRotated },
  G20: { about: 'a sequence whose second step fails twice: each step once, with its own id', run: sequenceRetry },
  G21: {
    about: 'random answers, 2,000 of them: the process lives, every outcome has its category, the books balance',
    run: gatewayFuzz,
  },
}
