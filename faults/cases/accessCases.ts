import type { FaultCase } from './index.ts'

/** Who may call what, and what an attacker may try on the API. */
export const ACCESS_CASES: Record<string, FaultCase> = {}
