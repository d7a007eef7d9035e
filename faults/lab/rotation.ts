import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { attachEmbeddedPostgres } from '#server/db/embedded/startEmbeddedPostgres.ts'
import { openDatabase } from '#server/db/openDatabase.ts'
import { createLogger } from '#server/lib/logger.ts'
import { SecretBox } from '#server/lib/SecretBox.ts'
import { openKeyRing } from '#server/secrets/keyRing.ts'
import { tokenBinding, webhookKeyBinding } from '#server/channels/GatewayRegistry.ts'
import { randomUUID } from 'node:crypto'
import { check } from './check.ts'
import type { Site } from './Site.ts'

const SCRIPT = fileURLToPath(new URL('../../scripts/rotateKey.ts', import.meta.url))
const INSERTED_AT_ONCE = 500
/** Nothing listens there; these channels are never used. */
const NOWHERE = 'http://127.0.0.1:9'

export type Rotation = { kill(): void; ended: Promise<{ code: number | null; text: string }> }

/** Starts `npm run rotate-key` on a site, as a process of its own. */
export function rotate(site: Site, settings: Record<string, string> = {}): Rotation {
  const { ROLE: _role, PORT: _port, ...env } = site.settings
  const child = spawn(process.execPath, [SCRIPT], { env: { ...env, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const output of [child.stdout, child.stderr]) output.on('data', (bytes: Buffer) => (text += bytes.toString()))
  return {
    kill: () => void child.kill('SIGKILL'),
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, text }))),
  }
}

/** Channels with sealed tokens and signing keys, written beside the servers; returns what they hold by id. */
export async function addSealedChannels(site: Site, secretKey: string, count: number): Promise<Map<string, string>> {
  const { databaseUrl } = { databaseUrl: site.settings['DATABASE_URL'] }
  const connection =
    databaseUrl === undefined
      ? await attachEmbeddedPostgres({ directory: site.directory })
      : { connectionString: databaseUrl }
  check(connection !== null, 'Nobody runs the database.')
  const { db, close } = openDatabase(connection, { log: createLogger({ level: 'silent' }), max: 2, name: 'lab' })
  try {
    const box = new SecretBox(null)
    await openKeyRing(db, box, secretKey)
    const { id: user_id } = await db.selectFrom('users').select('id').executeTakeFirstOrThrow()
    const tokens = new Map(
      Array.from({ length: count }, (_, i) => [randomUUID(), `sealed-canary-${i}-${randomUUID()}`]),
    )
    const rows = [...tokens].map(([id, token]) => ({
      ...{ user_id, id, name: 'sealed', gateway: 'wuzapi' as const, base_url: NOWHERE },
      token_ciphertext: box.seal(token, tokenBinding(id)),
      token_hash: box.hash(token, 'channel-token'),
      webhook_key_ciphertext: box.seal(`key-${token}`, webhookKeyBinding(id)),
      webhook_secret_hash: box.hash(id, 'webhook-secret'),
    }))
    for (let from = 0; from < count; from += INSERTED_AT_ONCE) {
      await db
        .insertInto('channels')
        .values(rows.slice(from, from + INSERTED_AT_ONCE))
        .execute()
    }
    return tokens
  } finally {
    await close()
  }
}

/** How many sealed values of the site are not under the one key that seals. */
export async function valuesUnderOldKeys(site: Site): Promise<number> {
  const [row] = await site.query<{ n: number }>(`
    with current as (select decode(id, 'hex') as id from secret_keys where purpose = 'seal' and is_current)
    select (select count(*) from secret_keys where purpose = 'seal' and not is_current)::int
      + (select count(*) from channels, current
        where length(token_ciphertext) > 0 and substring(token_ciphertext from 1 for 4) <> current.id
          or substring(webhook_key_ciphertext from 1 for 4) <> current.id)::int
      + (select count(*) from second_factors, current where substring(secret from 1 for 4) <> current.id)::int as n`)
  return row?.n ?? -1
}
