import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Db, Trx } from '#server/db/Database.ts'
import { besideTransaction, transaction } from '#server/db/transaction.ts'
import { deriveKey, keyIdOf, masterOf, newKeyId, SealedError, Sealer, sealerOf } from '#server/lib/Sealer.ts'
import type { Keys, SecretBox } from '#server/lib/SecretBox.ts'
import type { SecretKeyRow } from './secretTables.ts'

/** Which SECRET_KEY the ring is sealed under: the id of its master. */
const MASTER_FACT = 'master_key_id'
/** Before there was a ring, the id of what was derived from SECRET_KEY straight away. */
const FORMER_FACT = 'secret_key_id'
const KEY_BYTES = 32

/** The database was used with another SECRET_KEY. The message is a sentence for people. */
export class WrongSecretKeyError extends Error {
  constructor() {
    super('SECRET_KEY is not the one this database was used with; start with the right key.')
    this.name = 'WrongSecretKeyError'
  }
}

/** The key ring is not complete or not as it was written. The message is a sentence for people. */
export class DamagedRingError extends Error {
  constructor() {
    super('The key ring of this database (table secret_keys) is damaged; restore the database from a backup.')
    this.name = 'DamagedRingError'
  }
}

/** SECRET_KEY was changed while this process was cut off, so that it never got the new key. */
export class MissedKeyError extends Error {
  constructor() {
    super('SECRET_KEY was changed while this process did not answer; start it again with the new key.')
    this.name = 'MissedKeyError'
  }
}

export type Ring = { master: string | null; rows: SecretKeyRow[] }

/**
 * Opens the key ring of the database for `box`, and makes the ring at the very first start. From then on the box reloads
 * it by itself when it meets a key that it does not know, over the same `db`, whose pool must not be that of
 * transactions. Throws `WrongSecretKeyError` or `DamagedRingError`.
 */
export async function openKeyRing(db: Db, box: SecretBox, secretKey: string): Promise<void> {
  const master = masterOf(secretKey)
  let ring = await readRing(db)
  if (ring.master === null) {
    await transaction(db, (trx) => makeRing(trx, secretKey))
    ring = await readRing(db)
  }
  if (ring.master !== master.id) throw new WrongSecretKeyError()
  const keys = keysOfRing(ring, [master])
  box.use(keys, () => besideTransaction(() => reloadKeyRing(db, box, master)))
}

/**
 * Brings the box up to date with the ring. Keys that are known are kept; new ones are opened by the master or, where
 * SECRET_KEY is another one by now, by the key before them. Throws `MissedKeyError` when neither fits.
 */
export async function reloadKeyRing(db: Db, box: SecretBox, master: Sealer): Promise<void> {
  const { keys } = box
  const ring = await readRing(db)
  const isNews = ring.rows.some((row) => row.purpose === 'seal' && !keys.sealers.has(row.id))
  const current = ring.rows.find((row) => row.purpose === 'seal' && row.is_current)
  if (current === undefined) throw new DamagedRingError()
  if (!isNews && current.id === box.keyId) return
  const sealers = new Map(keys.sealers)
  for (const row of ring.rows.filter(({ id, purpose }) => purpose === 'seal' && !sealers.has(id))) {
    sealers.set(row.id, openSealer(row, [master, ...keys.sealers.values()]))
  }
  const sealer = sealers.get(current.id)
  if (sealer !== undefined) box.use({ ...keys, sealers, current: sealer })
}

/** The ring and which SECRET_KEY it is under, read at one moment. */
export async function readRing(db: Db | Trx): Promise<Ring> {
  const { rows } = await sql<{ master: string | null } & (SecretKeyRow | { id: null })>`
    select f.value as master, k.id, k.purpose, k.is_current, k.sealed, k.handover
    from (select 1) as one
    left join instance_facts f on f.name = ${MASTER_FACT}
    left join secret_keys k on true
  `.execute(db)
  const keys = rows.filter((row) => row.id !== null)
  if (rows[0]?.master == null && keys.length > 0) throw new DamagedRingError()
  return { master: rows[0]?.master ?? null, rows: keys }
}

/** What of the ring a process holds in memory. Throws `DamagedRingError`. */
function keysOfRing({ rows }: Ring, openers: Sealer[]): Keys {
  const sealers = new Map<string, Sealer>()
  let current: Sealer | null = null
  let hashKey: Buffer | null = null
  for (const row of rows) {
    const key = openKey(row, openers)
    if (row.purpose === 'hash') hashKey = key
    else {
      const sealer = new Sealer(row.id, key)
      sealers.set(row.id, sealer)
      if (row.is_current) current = sealer
    }
  }
  if (current === null || hashKey === null) throw new DamagedRingError()
  return { current, sealers, hashKey }
}

function openSealer(row: SecretKeyRow, openers: Sealer[]): Sealer {
  const isOpenable = [row.sealed, row.handover].some(
    (sealed) => sealed !== null && openers.some(({ id }) => id === keyIdOf(sealed)),
  )
  if (!isOpenable) throw new MissedKeyError()
  return new Sealer(row.id, openKey(row, openers))
}

/** The bytes of a key. Throws `DamagedRingError`. */
export function openKey(row: SecretKeyRow, openers: Sealer[]): Buffer {
  for (const sealed of [row.sealed, row.handover]) {
    const opener = openers.find(({ id }) => sealed !== null && id === keyIdOf(sealed))
    if (sealed === null || opener === undefined) continue
    try {
      return Buffer.from(opener.open(sealed, bindingOf(row)), 'base64')
    } catch (error) {
      if (!(error instanceof SealedError)) throw error
      throw new DamagedRingError()
    }
  }
  throw new DamagedRingError()
}

export function sealKey(sealer: Sealer, row: Pick<SecretKeyRow, 'id' | 'purpose'>, key: Buffer): Buffer {
  return sealer.seal(key.toString('base64'), bindingOf(row))
}

/** From now on the ring is under this master. */
export async function setMaster(trx: Trx, id: string): Promise<void> {
  await trx
    .insertInto('instance_facts')
    .values({ name: MASTER_FACT, value: id })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: id }))
    .execute()
}

/** Nobody else makes or changes the ring until the transaction ends. */
export async function lockRing(trx: Trx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('revoada key ring'))`.execute(trx)
}

/** Does `work` while the ring is under this master and stays so. Throws `WrongSecretKeyError` when it is not. */
export function whileMaster(db: Db, { id }: Sealer, work: () => Promise<void>): Promise<void> {
  return transaction(db, async (trx) => {
    await lockRing(trx)
    if ((await readRing(trx)).master !== id) throw new WrongSecretKeyError()
    await work()
  })
}

/**
 * A database that was used before there was a ring goes on with the keys that it was used with, as the first of its
 * ring; a new one gets random keys.
 */
async function makeRing(trx: Trx, secretKey: string): Promise<void> {
  await lockRing(trx)
  if ((await readRing(trx)).master !== null) return
  const former = await trx
    .deleteFrom('instance_facts')
    .where('name', '=', FORMER_FACT)
    .returning('value')
    .executeTakeFirst()
  if (former !== undefined && former.value !== sealerOf(secretKey).id) throw new WrongSecretKeyError()
  const sealId = former?.value ?? newKeyId()
  const sealKeyBytes = former === undefined ? randomBytes(KEY_BYTES) : deriveKey(secretKey, 'seal')
  const hashKeyBytes = former === undefined ? randomBytes(KEY_BYTES) : deriveKey(secretKey, 'hash')
  const master = masterOf(secretKey)
  await insertKey(trx, master, { id: sealId, purpose: 'seal' }, sealKeyBytes)
  await insertKey(trx, master, { id: otherId(sealId), purpose: 'hash' }, hashKeyBytes)
  await setMaster(trx, master.id)
}

/** Writes a key, current for its purpose; `handover` seals it once more for processes that lack the master. */
export async function insertKey(
  trx: Trx,
  master: Sealer,
  row: Pick<SecretKeyRow, 'id' | 'purpose'>,
  key: Buffer,
  handover: Sealer | null = null,
): Promise<void> {
  await trx
    .insertInto('secret_keys')
    .values({
      ...row,
      sealed: sealKey(master, row, key),
      handover: handover === null ? null : sealKey(handover, row, key),
    })
    .execute()
}

/** Not that of a key which is there already. */
export function otherId(...taken: string[]): string {
  for (;;) {
    const id = newKeyId()
    if (!taken.includes(id)) return id
  }
}

function bindingOf({ id, purpose }: Pick<SecretKeyRow, 'id' | 'purpose'>): string {
  return `secret_keys/${id}/${purpose}`
}
