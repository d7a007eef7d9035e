import type { LedgerLine } from '#server/channels/sandboxProcess.ts'

/** A gateway's own record of what it read and accepted, oldest first: the other side of the books. */
export type LedgerSource = { ledger(): Promise<LedgerLine[]> }
