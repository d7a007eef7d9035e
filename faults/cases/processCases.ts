import type { FaultCase } from './index.ts'
import { failpointGrid } from './failpointGrid.ts'

/** Processes and leases. */
export const PROCESS_CASES: Record<string, FaultCase> = {
  S02: {
    about: 'every failpoint throws, kills and delays by two leases, once each: the books balance every time',
    run: failpointGrid,
  },
}
