import type { LedgerLine } from './GatewayControl.ts'

const WINDOW_MS = 60_000

/** Requests beyond what the pause between two of them allows in any 60 s, as one sentence; `gapMs` 0 allows all. */
export function findHaste(ledger: LedgerLine[], gapMs: number): string[] {
  if (gapMs <= 0) return []
  const allowed = Math.floor(WINDOW_MS / gapMs) + 1
  const times = ledger.filter(({ kind }) => kind === 'read').map(({ t }) => Date.parse(t))
  const sorted = times.toSorted((a, b) => a - b)
  let from = 0
  let most = 0
  for (const [i, at] of sorted.entries()) {
    while (at - (sorted[from] ?? 0) >= WINDOW_MS) from++
    most = Math.max(most, i - from + 1)
  }
  return most <= allowed ? [] : [`${most} requests came within 60 s; a pause of ${gapMs} ms allows ${allowed}.`]
}
