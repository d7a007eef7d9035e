import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { masterOf, type Sealer } from '#server/lib/Sealer.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'
import {
  insertKey,
  lockRing,
  openKey,
  openKeyRing,
  otherId,
  readRing,
  sealKey,
  setMaster,
  WrongSecretKeyError,
} from './keyRing.ts'
import { HOLDER_SILENT_S } from './KeyRingWatch.ts'
import { countOthers, resealColumn, type SealedColumn } from './sealedRows.ts'

const KEY_BYTES = 32
const ASK_EVERY_MS = 250
/** A process that beats and never follows cannot reach the ring: then the operator must look at it. */
const FOLLOW_LIMIT_MS = 120_000

export type KeyChange = {
  from: string
  to: string
  columns: SealedColumn[]
  /** Throws where somebody else changes the key by now; holds for the rest of the transaction. */
  requireTurn?: (trx: Trx) => Promise<void>
  /** Notes the change in its own transaction. */
  note?: (trx: Trx) => Promise<void>
  /** For people: what is being done. */
  tell?: (line: string) => void
}

/**
 * Replaces SECRET_KEY and the key that seals, while the product runs: a new key joins the ring, every sealed row is
 * sealed anew with it, and when all living processes know it the old one leaves and the ring is put under the new
 * SECRET_KEY, in one transaction. Killed at any moment and called again, it goes on; called again after its end with the
 * same keys it does nothing. Returns how many rows it sealed anew. Throws `WrongSecretKeyError`.
 */
export async function changeSecretKey(db: Db, box: SecretBox, change: KeyChange): Promise<number> {
  if ((await readRing(db)).master === masterOf(change.to).id) return 0
  await openKeyRing(db, box, change.from)
  await transaction(db, (trx) => addKey(trx, box, masterOf(change.from)))
  await box.reload()
  let written = 0
  for (;;) {
    for (const column of change.columns) written += await resealColumn(db, box, column)
    change.tell?.(`${written} rows sealed anew`)
    await untilFollowed(db, box, change)
    if (await transaction(db, (trx) => finish(trx, box, change))) return written
  }
}

/** Adds the key that is to seal from now on, unless an interrupted change has done so. */
async function addKey(trx: Trx, box: SecretBox, master: Sealer): Promise<void> {
  await lockRing(trx)
  const ring = await readRing(trx)
  if (ring.master !== master.id) throw new WrongSecretKeyError()
  if (ring.rows.some(({ purpose, is_current }) => purpose === 'seal' && !is_current)) return
  const before = ring.rows.find(({ purpose }) => purpose === 'seal')
  const handover = box.keys.sealers.get(before?.id ?? '') ?? null
  await trx.updateTable('secret_keys').set({ is_current: false }).where('purpose', '=', 'seal').execute()
  const id = otherId(...ring.rows.map((row) => row.id))
  await insertKey(trx, master, { id, purpose: 'seal' }, randomBytes(KEY_BYTES), handover)
}

/** Waits for every living process to know the newest key: until then some may still seal with the one before. */
async function untilFollowed(db: Db, box: SecretBox, { tell }: KeyChange): Promise<void> {
  const deadline = performance.now() + FOLLOW_LIMIT_MS
  for (let told = false; ; told = true) {
    const { rows } = await sql<{ behind: number }>`
      select count(*) as behind from secret_key_holders
      where key_id <> ${box.keyId} and seen_at > clock_timestamp() - make_interval(secs => ${HOLDER_SILENT_S})
    `.execute(db)
    const behind = rows[0]?.behind ?? 0
    if (behind === 0) return
    if (performance.now() > deadline) {
      throw new Error(`${behind} processes do not follow to the new key; restart them and run this again.`)
    }
    if (!told) tell?.('waiting for the running processes to follow')
    await sleep(ASK_EVERY_MS)
  }
}

/** The old key leaves and the ring goes under the new SECRET_KEY. False when something is sealed with the old one still. */
async function finish(trx: Trx, box: SecretBox, change: KeyChange): Promise<boolean> {
  const { from, to, columns, requireTurn, note } = change
  await requireTurn?.(trx)
  await lockRing(trx)
  // Waits for whoever is sealing with a key of the ring this very moment, and keeps others from it.
  await sql`select 1 from secret_keys for update`.execute(trx)
  const ring = await readRing(trx)
  if (ring.master === masterOf(to).id) return true
  if (ring.master !== masterOf(from).id) throw new WrongSecretKeyError()
  for (const column of columns) if ((await countOthers(trx, box.keyId, column)) > 0) return false
  await trx.deleteFrom('secret_keys').where('purpose', '=', 'seal').where('is_current', '=', false).execute()
  for (const row of ring.rows.filter(({ is_current }) => is_current)) {
    const sealed = sealKey(masterOf(to), row, openKey(row, [masterOf(from)]))
    await trx.updateTable('secret_keys').set({ sealed, handover: null }).where('id', '=', row.id).execute()
  }
  await setMaster(trx, masterOf(to).id)
  await note?.(trx)
  return true
}
