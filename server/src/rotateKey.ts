import { SEALED_FACTORS } from '#server/auth/sealedFactors.ts'
import { SEALED_CHANNELS } from '#server/channels/GatewayRegistry.ts'
import { ConfigError, type Config } from '#server/config.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { SecretBox } from '#server/lib/SecretBox.ts'
import { masterOf } from '#server/lib/Sealer.ts'
import { findNextKey, loadSecretKey, makeNextKey, type NextKey } from '#server/loadSecretKey.ts'
import { changeSecretKey } from '#server/secrets/changeSecretKey.ts'
import { KeyChangeLease } from '#server/secrets/KeyChangeLease.ts'
import { lockRing, readRing, whileMaster } from '#server/secrets/keyRing.ts'
import type { SealedColumn } from '#server/secrets/sealedRows.ts'
import { secret } from '#server/settingParsers.ts'

/** Everything that is sealed at rest. (Kept answers of creations are under a key of their caller's and live for a day.) */
export const SEALED_COLUMNS: SealedColumn[] = [...SEALED_CHANNELS, SEALED_FACTORS]

export type Rotation = {
  /** Rows that were sealed anew. */
  rows: number
  /** Where the new key is now, for people. */
  where: 'file' | 'setting'
}

/**
 * Changes SECRET_KEY and what it protects, while the product runs on this database or not. The new key is
 * `NEW_SECRET_KEY`; where the key lives in a file it may be made here, and takes the old one's place in the file. Can be
 * killed at any moment: the same call again ends what it began. One at a time: throws `KeyChangeUnderWayError` while
 * another one lives. Throws sentences for people.
 */
export async function rotateKey(
  db: Db,
  config: Pick<Config, 'secretKey' | 'dataDir'>,
  newKey: string | null,
  tell: (line: string) => void,
): Promise<Rotation> {
  if (newKey !== null && !secret.safeParse(newKey).success) {
    throw new ConfigError(['NEW_SECRET_KEY is too short or too regular; make one with: openssl rand -base64 32'])
  }
  return KeyChangeLease.hold(db, async (lease) => {
    const from = await loadSecretKey(config)
    if (config.secretKey !== null) {
      if (newKey === null) throw new ConfigError(['NEW_SECRET_KEY is required where SECRET_KEY is a setting.'])
      return { rows: await change(db, lease, { from, to: newKey, tell }), where: 'setting' }
    }
    const next = await prepareNext(db, lease, config, newKey)
    const rows = await change(db, lease, { from, to: next.text, tell })
    await whileMaster(db, masterOf(next.text), () => next.adopt())
    return { rows, where: 'file' }
  })
}

/** The key that a change which died has brought into the database already; else the one that this change brings. */
function prepareNext(
  db: Db,
  lease: KeyChangeLease,
  config: Pick<Config, 'secretKey' | 'dataDir'>,
  newKey: string | null,
): Promise<NextKey> {
  return transaction(db, async (trx) => {
    await lease.require(trx)
    await lockRing(trx)
    const left = await findNextKey(config)
    const isUnderLeft = left !== null && (await readRing(trx)).master === masterOf(left.text).id
    return isUnderLeft ? left : makeNextKey(config, newKey)
  })
}

type Keys = { from: string; to: string; tell: (line: string) => void }

function change(db: Db, lease: KeyChangeLease, keys: Keys): Promise<number> {
  if (keys.from === keys.to) throw new ConfigError(['NEW_SECRET_KEY is the key that is used already.'])
  const note = (trx: Trx) => new AuditLogger().logEvent(trx, { action: 'key-rotate', userId: null })
  const requireTurn = (trx: Trx) => lease.require(trx)
  return changeSecretKey(db, new SecretBox(null), { ...keys, columns: SEALED_COLUMNS, requireTurn, note })
}
