import { expirySweep, type Sweep } from '#server/audit/sweeps.ts'

/** What sign-in and requests leave behind: worthless once it is over. */
export const AUTH_SWEEPS: Sweep[] = [
  expirySweep('sessions'),
  expirySweep('known_devices'),
  expirySweep('idempotency_keys'),
  expirySweep('rate_limits'),
]
