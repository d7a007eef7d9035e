import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CampaignContact, CampaignProgress } from '#contract/campaigns.ts'
import { acceptedOf, totalOf } from '#contract/states.ts'
import { readSandboxLedger, type Sandbox } from '#server/channels/sandboxProcess.ts'
import type { ApiSession } from './ApiSession.ts'

type Page = { items: CampaignContact[]; nextCursor: string | null }

const ACCEPTED = new Set(['sent', 'delivered', 'read'])

export type Verdict = {
  ok: boolean
  chosen: number
  sent: number
  failed: number
  skipped: number
  unknown: number
  ledger: number
}

/** Ids that the gateway accepted on this number, from its own ledger; written to `file` as JSON lines when given. */
export async function readLedger(sandbox: Sandbox, userId: string, file: string | null): Promise<Set<string>> {
  const ids = new Set<string>()
  const out = file === null ? null : createWriteStream(file)
  for await (const line of readSandboxLedger(sandbox, userId)) {
    if (line.kind === 'accepted') ids.add(line.messageId)
    out?.write(`${JSON.stringify(line)}\n`)
  }
  if (out !== null) await finished(out.end())
  return ids
}

/** Every recipient as our database has it; written to `file` as CSV when given. Returns the ids that count as accepted. */
export async function readBooks(api: ApiSession, campaignId: string, file: string | null): Promise<Set<string>> {
  const accepted = new Set<string>()
  const out = file === null ? null : createWriteStream(file)
  out?.write('phone;name;status;messageId;errorCategory;errorCode\n')
  let cursor: string | null = null
  do {
    const query: string = `?limit=200${cursor === null ? '' : `&cursor=${cursor}`}`
    const page: Page = await api.get<Page>(`/api/user/bulk-campaigns/${campaignId}/contacts${query}`)
    for (const person of page.items) {
      if (ACCEPTED.has(person.status) && person.messageId !== null) accepted.add(person.messageId)
      out?.write(
        `${[person.phone, person.name, person.status, person.messageId, person.errorCategory, person.errorCode].map(cell).join(';')}\n`,
      )
    }
    cursor = page.nextCursor
  } while (cursor !== null)
  if (out !== null) await finished(out.end())
  return accepted
}

/** Whether the states add up to the number chosen, and our accepted messages are exactly the ledger's. */
export function judge(progress: CampaignProgress, ours: Set<string>, ledger: Set<string>): Verdict {
  const { stats } = progress
  const sent = acceptedOf(stats)
  const balances = totalOf(stats) === stats.total && stats.total === sent + stats.failed + stats.skipped + stats.unknown
  const agrees = ours.size === sent && ledger.size === sent && [...ours].every((id) => ledger.has(id))
  return {
    ok: progress.status === 'completed' && stats.total > 0 && balances && agrees,
    chosen: stats.total,
    sent,
    failed: stats.failed,
    skipped: stats.skipped,
    unknown: stats.unknown,
    ledger: ledger.size,
  }
}

/** Calls `look` until it returns something. */
export async function until<T>(look: () => Promise<T | null>, everyMs: number): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== null) return found
    await sleep(everyMs)
  }
}

function cell(value: string | null): string {
  const text = value ?? ''
  return /[";\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
