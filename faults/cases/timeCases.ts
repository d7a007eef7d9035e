import type { FaultCase } from './index.ts'

/** Clocks, zones and schedules. */
export const TIME_CASES: Record<string, FaultCase> = {}
