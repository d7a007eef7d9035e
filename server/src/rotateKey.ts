import { SEALED_FACTORS } from '#server/auth/sealedFactors.ts'
import { SEALED_CHANNELS } from '#server/channels/GatewayRegistry.ts'
import { ConfigError, type Config } from '#server/config.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { SecretBox } from '#server/lib/SecretBox.ts'
import { masterOf } from '#server/lib/Sealer.ts'
import { findNextKey, loadSecretKey, makeNextKey } from '#server/loadSecretKey.ts'
import { changeSecretKey } from '#server/secrets/changeSecretKey.ts'
import { readRing } from '#server/secrets/keyRing.ts'
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
 * killed at any moment: the same call again ends what it began. Throws sentences for people.
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
  const from = await loadSecretKey(config)
  if (config.secretKey !== null) {
    if (newKey === null) throw new ConfigError(['NEW_SECRET_KEY is required where SECRET_KEY is a setting.'])
    return { rows: await change(db, from, newKey, tell), where: 'setting' }
  }
  const left = await findNextKey(config)
  const isUnderLeft = left !== null && (await readRing(db)).master === masterOf(left.text).id
  const next = isUnderLeft ? left : await makeNextKey(config, newKey)
  const rows = await change(db, from, next.text, tell)
  await next.adopt()
  return { rows, where: 'file' }
}

function change(db: Db, from: string, to: string, tell: (line: string) => void): Promise<number> {
  if (from === to) throw new ConfigError(['NEW_SECRET_KEY is the key that is used already.'])
  const note = (trx: Trx) => new AuditLogger().logEvent(trx, { action: 'key-rotate', userId: null })
  return changeSecretKey(db, new SecretBox(null), { from, to, columns: SEALED_COLUMNS, note, tell })
}
