import type { FaultCase } from './index.ts'

/** What gateways, and those who pretend to be one, send us. */
export const WEBHOOK_CASES: Record<string, FaultCase> = {}
