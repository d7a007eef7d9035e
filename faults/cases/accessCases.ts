import { eventStreams } from './eventStreams.ts'
import type { FaultCase } from './index.ts'

/** Who may call what, and what an attacker may try on the API. */
export const ACCESS_CASES: Record<string, FaultCase> = {
  A17: {
    about: 'event streams: a thousand opened and left, unread, open at the shutdown, of others, outliving their sign-in',
    run: eventStreams,
  },
}
