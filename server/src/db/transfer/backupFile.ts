import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGunzip, createGzip } from 'node:zlib'
import type pg from 'pg'
import { from, to } from 'pg-copy-streams'
import type { ConnectionSettings } from '../openDatabase.ts'
import { requireSchema } from './copyDatabase.ts'
import { fillTarget, type Moved } from './fillTarget.ts'
import { damaged, FrameWriter, parseFrame, readFrames, type Frame } from './frames.ts'
import { inSnapshot, TransferRefused } from './session.ts'
import {
  copyIn,
  copyOut,
  listSequences,
  listTables,
  measure,
  type Measure,
  type Sequence,
  type Table,
} from './tables.ts'

/** What the file begins with, before what is compressed; the number rises with its form. */
const MAGIC = 'revoada-backup 1\n'

type Header = { createdAt: string; migrations: string[]; tables: number }

/**
 * Writes the whole database, as it is at one moment, into one file that only its owner may read: compressed, with counts
 * and sums. Memory stays flat. Under its name it is there only when it is whole and on the disk; one that is there
 * already is refused. The secret key is not in it.
 */
export async function backUp(source: ConnectionSettings, path: string, tell: (line: string) => void): Promise<Moved> {
  if (existsSync(path)) throw new TransferRefused(`${path} is there already.`)
  const draft = `${path}.part`
  await rm(draft, { force: true })
  try {
    const moved = await writeDraft(source, draft, tell)
    await rename(draft, path)
    return moved
  } finally {
    await rm(draft, { force: true })
  }
}

async function writeDraft(source: ConnectionSettings, draft: string, tell: (line: string) => void): Promise<Moved> {
  const file = createWriteStream(draft, { mode: 0o600, flags: 'wx', flush: true })
  file.write(MAGIC)
  const packed = createGzip({ level: constants.Z_BEST_SPEED })
  const [moved] = await Promise.all([
    writeFrames(source, packed, tell).catch((error: unknown) => {
      packed.destroy(error as Error)
      throw error
    }),
    pipeline(packed, file),
  ])
  return moved
}

function writeFrames(source: ConnectionSettings, output: Writable, tell: (line: string) => void): Promise<Moved> {
  return inSnapshot(source, async (client) => {
    const frames = new FrameWriter(output)
    const migrations = await requireSchema(client)
    const tables = await listTables(client)
    const header: Header = { createdAt: new Date().toISOString(), migrations, tables: tables.length }
    await frames.write('header', header)
    const moved: Moved = []
    for (const table of tables) {
      const { rows } = await writeTable(client, frames, table)
      moved.push({ table: table.name, rows: Number(rows) })
      tell(table.name)
    }
    await frames.write('sequences', await listSequences(client))
    await frames.end()
    return moved
  })
}

async function writeTable(client: pg.Client, frames: FrameWriter, table: Table): Promise<Measure> {
  await frames.write('table', table)
  for await (const rows of client.query(to(copyOut(table)))) await frames.write('rows', rows as Buffer)
  const measured = await measure(client, table)
  await frames.write('tableEnd', measured)
  return measured
}

/**
 * Fills an empty database from a backup, also of an older version of the product, or of another version of PostgreSQL.
 * Nothing is in it until the file has been read to its end and everything has arrived. Throws TransferRefused.
 */
export async function restore(
  path: string,
  target: ConnectionSettings,
  options: { tell: (line: string) => void; inspect: (client: pg.Client) => Promise<void> },
): Promise<Moved> {
  const frames = await openBackup(path)
  const { migrations } = parseFrame<Header>((await expectFrame(frames, 'header')).body)
  const load = (client: pg.Client, accept: Accept) => readTables(frames, client, accept, options.tell)
  return fillTarget(target, { migrations, load }, options.inspect)
}

type Frames = AsyncGenerator<Frame>
type Accept = (table: Table, bring: () => Promise<Measure>) => Promise<void>

async function openBackup(path: string): Promise<Frames> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0)
    const magic = buffer.subarray(0, bytesRead).toString('latin1')
    if (!magic.startsWith('revoada-backup ')) throw new TransferRefused(`${path} is no backup of Revoada.`)
    if (magic !== MAGIC)
      throw new TransferRefused(`${path} has a form that this version does not know; use a newer one.`)
  } finally {
    await file.close()
  }
  const packed = createReadStream(path, { start: MAGIC.length })
  const unpacked = createGunzip()
  packed.on('error', (error) => unpacked.destroy(error))
  return readFrames(packed.pipe(unpacked))
}

async function readTables(
  frames: Frames,
  client: pg.Client,
  accept: Accept,
  tell: (line: string) => void,
): Promise<Sequence[]> {
  let frame = await nextFrame(frames)
  while (frame.kind === 'table') {
    const table = parseFrame<Table>(frame.body)
    await accept(table, () => readTable(frames, client, table))
    tell(table.name)
    frame = await nextFrame(frames)
  }
  if (frame.kind !== 'sequences') throw damaged()
  const sequences = parseFrame<Sequence[]>(frame.body)
  // Reading on to the end compares the sum of the whole file.
  if ((await frames.next()).done !== true) throw damaged()
  return sequences
}

async function readTable(frames: Frames, client: pg.Client, table: Table): Promise<Measure> {
  let end: Frame | null = null
  const rows = async function* () {
    for (;;) {
      const frame = await nextFrame(frames)
      if (frame.kind !== 'rows') {
        end = frame
        return
      }
      yield frame.body
    }
  }
  try {
    await pipeline(Readable.from(rows(), { objectMode: false }), client.query(from(copyIn(table))))
  } catch (error) {
    throw isUnreadable(error) ? damaged() : error
  }
  return measureIn(end)
}

/** Rows as the database wrote them can be read again, and keep its rules: SQLSTATE classes 22 (data) and 23 (constraints). */
function isUnreadable(error: unknown): boolean {
  return /^2[23]/.test(String((error as { code?: unknown }).code))
}

function measureIn(frame: Frame | null): Measure {
  if (frame?.kind !== 'tableEnd') throw damaged()
  return parseFrame<Measure>(frame.body)
}

async function nextFrame(frames: Frames): Promise<Frame> {
  const { value, done } = await frames.next()
  if (done === true || value === undefined) throw damaged()
  return value
}

async function expectFrame(frames: Frames, kind: Frame['kind']): Promise<Frame> {
  const frame = await nextFrame(frames)
  if (frame.kind !== kind) throw damaged()
  return frame
}
