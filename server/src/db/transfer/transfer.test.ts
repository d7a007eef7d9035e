import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { buildCampaign, buildChannel, buildUser } from '#server/test/builders.ts'
import { createEmptyDatabase, type EmptyDatabase } from '#server/test/emptyDatabase.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { isArmed } from '../arming.ts'
import type { Db } from '../Database.ts'
import { transaction } from '../transaction.ts'
import { backUp, restore } from './backupFile.ts'
import { copyDatabase } from './copyDatabase.ts'
import { FrameWriter, readFrames, type Frame } from './frames.ts'
import { inSnapshot, TransferRefused } from './session.ts'
import { listTables, measure } from './tables.ts'

let source: TestDatabase
let target: EmptyDatabase
let folder: string
let userId: string
const targets: EmptyDatabase[] = []

beforeAll(async () => {
  source = await createTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'revoada-transfer-'))
  await fill(source.db)
})
afterEach(async () => {
  for (const each of targets.splice(0)) await each.close()
})
afterAll(async () => {
  await source.close()
  await rm(folder, { recursive: true, force: true })
})

async function newTarget(): Promise<EmptyDatabase> {
  target = await createEmptyDatabase()
  targets.push(target)
  return target
}

/** People in three states, texts that a format could stumble over, bytes, lists, and rows that triggers count. */
async function fill(db: Db): Promise<void> {
  userId = await buildUser(db, { name: 'Açaí\t"\\N"\n\\. 🥖' })
  const { id: channelId } = await buildChannel(db, userId)
  await buildChannel(db, userId)
  const campaign = await buildCampaign(db, { userId, channelId }, { recipients: 2500, status: 'paused' })
  await sql`update campaign_contacts set status = 'sent', name = ${'a\\tb\tc\nd\r\\'} where campaign_id = ${campaign.id} and id <= 900`.execute(
    db,
  )
  await sql`update campaign_counts set sent = 900, pending = 1600 where campaign_id = ${campaign.id}`.execute(db)
  await sql`insert into rate_limits (key, hits, refused, expires_at) values ('k', array[now(), now()], false, now())`.execute(
    db,
  )
  const label = sql`gen_random_uuid()`
  await sql`insert into contact_labels (user_id, id, kind, name) values (${userId}, ${label}, 'tag', 'padaria')`.execute(
    db,
  )
  await sql`
    insert into contacts (user_id, phone, name)
    select ${userId}, '+5511988880' || n, 'Pessoa ' || n from generate_series(100, 140) n`.execute(db)
  await sql`
    insert into contact_label_members (user_id, label_id, contact_id)
    select ${userId}, l.id, c.id from contact_labels l, contacts c`.execute(db)
  await transaction(db, (trx) =>
    new AuditLogger().log(trx, { campaignId: campaign.id, userId, action: 'create', details: { nome: 'Pão' } }),
  )
}

/** Rows and sum of every table. */
function contents(connection: TestDatabase['connection']): Promise<Record<string, string>> {
  return inSnapshot(connection, async (client) => {
    const all: Record<string, string> = {}
    for (const table of await listTables(client)) {
      const { rows, sum } = await measure(client, table)
      all[table.name] = `${rows} ${sum}`
    }
    return all
  })
}

/** Ends the connection that copies this table, as soon as one does. */
async function killCopyOf(table: string, database: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const { rows } = await sql<{ n: number }>`
        select count(pg_terminate_backend(pid)) as n from pg_stat_activity
        where datname = ${database} and application_name = 'revoada-transfer' and state = 'active'
          and query ilike ${`copy "${table}"%`}`.execute(source.db)
      if (rows[0]?.n !== 1) throw new Error(`Nobody copies ${table}.`)
    },
    { timeout: 20_000, interval: 2 },
  )
}

const quiet = { tell: () => undefined, inspect: async () => undefined }
const copy = () => copyDatabase(source.connection, target.connection, quiet)

async function isEmpty(): Promise<boolean> {
  const { rows } = await sql<{ users: string | null }>`select to_regclass('users')::text as users`.execute(
    target.open(),
  )
  if (rows[0]?.users === null) return true
  const { rows: found } = await sql`select from users`.execute(target.open())
  return found.length === 0
}

async function expectCopied(): Promise<void> {
  expect(await contents(target.connection)).toEqual(await contents(source.connection))
  const db = target.open()
  expect(await isArmed(db)).toBe(false)
  // The numbers go on where they were: a row of today has one of its own.
  await transaction(db, (trx) => new AuditLogger().log(trx, { campaignId: userId, userId, action: 'edit' }))
  const { rows } = await sql<{ enabled: string }>`
    select distinct tgenabled as enabled from pg_trigger where not tgisinternal
  `.execute(db)
  expect(rows).toEqual([{ enabled: 'O' }])
}

describe('a target is refused, and left as it is,', () => {
  it('that has rows, also those of an earlier copy', async () => {
    await newTarget()
    await copy()
    const before = await contents(target.connection)
    await expect(copy()).rejects.toThrow(/The target is not empty/)
    await expect(backUpAndRestore('twice.backup')).rejects.toThrow(/The target is not empty/)
    expect(await contents(target.connection)).toEqual(before)
  })

  it("that holds somebody else's tables", async () => {
    await newTarget()
    await sql`create table invoices (id int)`.execute(target.open())
    await expect(copy()).rejects.toThrow('The target is not empty (invoices)')
  })

  it('that is the source', async () => {
    await expect(copyDatabase(source.connection, source.connection, quiet)).rejects.toThrow(/not empty/)
  })

  it('because of what arrived', async () => {
    await newTarget()
    const inspect = async () => {
      throw new TransferRefused('Not this one.')
    }
    await expect(copyDatabase(source.connection, target.connection, { ...quiet, inspect })).rejects.toThrow(
      'Not this one.',
    )
    expect(await isEmpty()).toBe(true)
  })
})

describe('a copy', () => {
  it('has the same rows and sums in every table, goes on with its numbers, and may not send', async () => {
    await newTarget()
    const moved = await copy()
    expect(moved.find(({ table }) => table === 'campaign_contacts')).toEqual({ table: 'campaign_contacts', rows: 2500 })
    expect(moved.length).toBeGreaterThan(30)
    await expectCopied()
  })

  it('that was interrupted leaves nothing, and the same call does it then', async () => {
    await newTarget()
    for (const after of [0, 5, 25]) {
      let tables = 0
      const tell = () => {
        if (tables++ === after) throw new Error('The cable was pulled.')
      }
      await expect(copyDatabase(source.connection, target.connection, { ...quiet, tell })).rejects.toThrow('The cable')
      expect(await isEmpty()).toBe(true)
    }
    await copy()
    await expectCopied()
  })

  it.each(['source', 'target'] as const)('ends with the connection to its %s, and leaves nothing', async (side) => {
    await newTarget()
    const large = await createTestDatabase()
    const owner = await buildUser(large.db)
    const { id: channelId } = await buildChannel(large.db, owner)
    const { id } = await buildCampaign(large.db, { userId: owner, channelId }, { recipients: 0, status: 'paused' })
    await sql`
      insert into campaign_contacts (user_id, campaign_id, id, processing_order, phone)
      select ${owner}::uuid, ${id}::uuid, n, n, '+55' || n from generate_series(1, 60000) n`.execute(large.db)
    const ended = copyDatabase(large.connection, target.connection, quiet).then(
      () => 'copied',
      (error: unknown) => String(error),
    )
    await killCopyOf('campaign_contacts', side === 'source' ? large.connection.database : target.connection.database)
    expect(await ended).not.toBe('copied')
    expect(await isEmpty()).toBe(true)
    await large.close()
  })

  it('is of one moment, whatever is written meanwhile', async () => {
    await newTarget()
    const before = await contents(source.connection)
    const tell = (table: string) => {
      if (table === 'users') void sql`update campaign_counts set sent = sent + 1`.execute(source.db)
    }
    await copyDatabase(source.connection, target.connection, { ...quiet, tell })
    expect(await contents(target.connection)).toEqual(before)
    await sql`update campaign_counts set sent = 900`.execute(source.db)
  })

  it('of which two are made at once into one database is made once', async () => {
    await newTarget()
    const ended = await Promise.allSettled([copy(), copy()])
    expect(ended.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    await expectCopied()
  })
})

async function backUpAndRestore(name: string): Promise<void> {
  const path = join(folder, name)
  await backUp(source.connection, path, () => undefined)
  await restore(path, target.connection, quiet)
}

describe('a backup', () => {
  it('restored has the same rows and sums in every table, goes on with its numbers, and may not send', async () => {
    await newTarget()
    await backUpAndRestore('whole.backup')
    await expectCopied()
  })

  it('is for its owner alone, replaces no other, and leaves nothing of a try that failed', async () => {
    const path = join(folder, 'own.backup')
    await backUp(source.connection, path, () => undefined)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await expect(backUp(source.connection, path, () => undefined)).rejects.toThrow('is there already')
    const broken = join(folder, 'broken.backup')
    const tell = () => {
      throw new Error('The disk is full.')
    }
    await expect(backUp(source.connection, broken, tell)).rejects.toThrow('The disk is full.')
    await expect(stat(broken)).rejects.toThrow('ENOENT')
    await expect(stat(`${broken}.part`)).rejects.toThrow('ENOENT')
  })

  it('that was cut short or changed is refused, and the target stays empty', async () => {
    await newTarget()
    const path = join(folder, 'sound.backup')
    await backUp(source.connection, path, () => undefined)
    const sound = await readFile(path)
    const flipped = Buffer.from(sound)
    flipped.writeUInt8(flipped.readUInt8(sound.length >> 1) ^ 1, sound.length >> 1)
    const wrongs = { cut: sound.subarray(0, sound.length - 9), half: sound.subarray(0, sound.length >> 1), flipped }
    for (const [name, bytes] of Object.entries(wrongs)) {
      const wrong = join(folder, `${name}.backup`)
      await writeFile(wrong, bytes)
      await chmod(wrong, 0o600)
      await expect(restore(wrong, target.connection, quiet)).rejects.toThrow(/damaged or was cut short/)
      expect(await isEmpty()).toBe(true)
    }
    await writeFile(join(folder, 'other'), 'PK\x03\x04')
    await expect(restore(join(folder, 'other'), target.connection, quiet)).rejects.toThrow('is no backup of Revoada')
    await writeFile(join(folder, 'newer'), Buffer.concat([Buffer.from('revoada-backup 2\n'), sound.subarray(17)]))
    await expect(restore(join(folder, 'newer'), target.connection, quiet)).rejects.toThrow('use a newer one')
    await restore(path, target.connection, quiet)
    await expectCopied()
  })

  it('of a newer version is refused', async () => {
    await sql`insert into schema_migrations (name, timestamp) values ('9999_future', '')`.execute(source.db)
    await newTarget()
    await expect(backUpAndRestore('future.backup')).rejects.toThrow(/newer Revoada \(9999_future\)/)
    await sql`delete from schema_migrations where name = '9999_future'`.execute(source.db)
  })
})

describe('frames', () => {
  const frame = fc.record({
    kind: fc.constantFrom<Frame['kind']>('header', 'table', 'rows', 'tableEnd', 'sequences'),
    body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  })

  async function write(frames: Frame[]): Promise<Buffer> {
    const output = new PassThrough()
    const written = buffer(output)
    const writer = new FrameWriter(output)
    for (const { kind, body } of frames) await writer.write(kind, body)
    await writer.end()
    return written
  }

  async function read(bytes: Buffer, chunk: number): Promise<Frame[]> {
    const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, n) =>
      bytes.subarray(n * chunk, (n + 1) * chunk),
    )
    const frames: Frame[] = []
    for await (const each of readFrames(Readable.from(chunks))) frames.push(each)
    return frames
  }

  it('come back as they were written, however they are cut into chunks; with a bit changed or the end missing they are refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(frame, { maxLength: 8 }),
        fc.integer({ min: 1, max: 400 }),
        fc.nat(),
        async (frames, chunk, at) => {
          const bytes = await write(frames)
          expect(await read(bytes, chunk)).toEqual(frames)
          const flipped = Buffer.from(bytes)
          const place = at % bytes.length
          flipped.writeUInt8(flipped.readUInt8(place) ^ (1 << (at % 8)), place)
          await expect(read(flipped, chunk)).rejects.toThrow(TransferRefused)
          await expect(read(bytes.subarray(0, place), chunk)).rejects.toThrow(TransferRefused)
        },
      ),
      { numRuns: 200 },
    )
  })
})
