import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Db } from '#server/db/Database.ts'
import { isDatabaseDown } from '#server/db/isDatabaseDown.ts'
import { collectGarbage } from '#server/lib/collectGarbage.ts'
import type { Log } from '#server/lib/logger.ts'
import { Poller } from '#server/lib/Poller.ts'
import { CsvProblem } from './csv/CsvProblem.ts'
import type { Row } from './csv/parseRows.ts'
import type { Table } from './csv/readTable.ts'
import { applyMapping, chooseMapping, type ChosenColumns } from './columnMapping.ts'
import {
  claimImport,
  completeImport,
  describeImport,
  failImport,
  releaseImport,
  sweepUploads,
  type ImportHold,
  type ImportRow,
} from './importLeases.ts'
import type { SuppressionList } from '#server/suppressions/SuppressionList.ts'
import { openTable } from './openTable.ts'
import { nothingPrepared, prepareRows, type PreparedRows } from './prepareRows.ts'
import { undoChunk } from './undoImport.ts'
import { createUploadStore, type StoredFile, type UploadStore } from './UploadStore.ts'
import { ImportLostError, writeImportBatch } from './writeImportBatch.ts'

export type ImportRunner = { start(): void; stop(): Promise<void>; nudge(): void }

type RunnerOptions = {
  db: Db
  log: Log
  /** Who was erased does not come back by a file. */
  suppressions: SuppressionList
  /** How often to look for imports of other processes. */
  intervalMs?: number
  /** How long an import of a dead process waits for another; renewed with every batch. */
  leaseSeconds?: number
  /** Rows per transaction. */
  batchRows?: number
}

/** A batch is written once it has so much text, however few rows: cells may be long, and unpacked from few bytes. */
const BATCH_CHARACTERS = 2 * 1024 * 1024
const PIECE_CHARACTERS = BATCH_CHARACTERS / 4
/** Rows leave some 2 kB of garbage each, and V8 is in no hurry: see collectGarbage. */
const COLLECT_EVERY_ROWS = 15_000
/**
 * Rows prepared in one go: about a millisecond, so that the database, which a batch asks a dozen times, never waits longer
 * for its next question; nor do other requests to the same process.
 */
const PIECE_ROWS = 100

/**
 * Imports uploaded files in the background, one at a time per process, oldest first. `stop` returns when the batch
 * under way is written; the rest is done after the next start, by whichever process comes first. A file is read again
 * from its beginning then, but rows that were counted are not written again.
 */
export function createImportRunner(options: RunnerOptions): ImportRunner {
  const { db, log, suppressions, intervalMs = 1000, leaseSeconds = 30, batchRows = 5000 } = options
  const owner = randomUUID()
  const work = { db, log, suppressions, store: createUploadStore(db), batchRows, stopping: false }
  const poller = new Poller({
    log,
    intervalMs,
    work: async () => {
      const found = await claimImport(db, owner, leaseSeconds)
      if (found === undefined) return false
      const hold = { userId: found.user_id, importId: found.id, owner, leaseSeconds }
      await (found.status === 'undoing' ? runUndo(work, hold) : runImport(work, found, hold))
      return !work.stopping
    },
  })
  const sweeper = new Poller({ log, intervalMs: 60_000, work: async () => void (await sweepUploads(db)) })
  return {
    start() {
      work.stopping = false
      poller.start()
      sweeper.start()
    },
    async stop() {
      work.stopping = true
      await Promise.all([poller.stop(), sweeper.stop()])
    },
    nudge: () => poller.nudge(),
  }
}

type Work = {
  db: Db
  log: Log
  suppressions: SuppressionList
  store: UploadStore
  batchRows: number
  stopping: boolean
}

class StoppedError extends Error {}

async function runImport(work: Work, row: ImportRow, hold: ImportHold): Promise<void> {
  const log = work.log.child({ importId: hold.importId })
  const started = performance.now()
  try {
    await importFile(work, row, hold)
    await completeImport(work.db, hold)
    log.info({ bytes: row.bytes_total, ms: Math.round(performance.now() - started) }, 'import completed')
  } catch (error) {
    if (!(await endEarly(work, hold, error, log))) return
  }
  await work.store.remove({ userId: hold.userId, uploadId: hold.importId })
}

/** Whether the import is over. Throws on when only the database failed: the import is taken up again. */
async function endEarly(work: Work, hold: ImportHold, error: unknown, log: Log): Promise<boolean> {
  if (error instanceof StoppedError) {
    await releaseImport(work.db, hold)
    return false
  }
  if (error instanceof ImportLostError) {
    log.info('import cancelled or taken over')
    return false
  }
  if (isDatabaseDown(error)) throw error
  const failure =
    error instanceof CsvProblem
      ? { reason: error.reason, line: error.line }
      : { reason: 'INTERNAL' as const, line: null }
  if (await failImport(work.db, hold, failure))
    log[error instanceof CsvProblem ? 'info' : 'error']({ err: error }, 'import failed')
  return true
}

/** What was taken out is counted with every chunk, so that whoever goes on after a stop or a crash begins there. */
async function runUndo(work: Work, hold: ImportHold): Promise<void> {
  const log = work.log.child({ importId: hold.importId })
  try {
    while (await undoChunk(work.db, hold)) if (work.stopping) return await releaseImport(work.db, hold)
    log.info('import undone')
  } catch (error) {
    if (!(error instanceof ImportLostError)) throw error
    log.info('undo taken over')
  }
}

async function importFile(work: Work, row: ImportRow, hold: ImportHold): Promise<void> {
  const file = countBytes(await work.store.open({ userId: hold.userId, uploadId: hold.importId }))
  const table = await openTable(file.stored, row.default_country, row.sheet)
  try {
    await importTable(work, row, hold, table, file)
  } finally {
    await table.close()
  }
}

async function importTable(
  work: Work,
  row: ImportRow,
  hold: ImportHold,
  table: Table,
  file: CountedFile,
): Promise<void> {
  const { mapping } = await chooseMapping(work.db, row.user_id, table.columns, row.mapping)
  if (mapping.phoneColumns.length === 0) throw new CsvProblem('NO_PHONE_COLUMN', table.firstLine)
  const columns = applyMapping(table.columns, mapping)
  const describe = () =>
    describeImport(work.db, hold, {
      columns: columns.headers,
      encoding: table.encoding(),
      delimiter: table.delimiter,
      mapping,
    })
  await describe()
  const encodingAtFirst = table.encoding()
  let writing: Promise<void> = Promise.resolve()
  let rowsSinceCollection = 0
  // Whether the batch before held people whom the account knew: then the next one probably does, too.
  let knewSome = false
  for await (const { batch, bytesRead } of batches(work, { table, columns }, row, file)) {
    await writing
    if (work.stopping) throw new StoppedError()
    // The next rows are read while these are written; a failure shows at the next turn.
    writing = writeImportBatch(work.db, work.suppressions, hold, batch, { bytesRead, knewSome }).then((some) => {
      knewSome = some
    })
    writing.catch(() => undefined)
    rowsSinceCollection += batch.rows
    if (rowsSinceCollection >= COLLECT_EVERY_ROWS) {
      rowsSinceCollection = 0
      await collectGarbage()
    }
  }
  await writing
  if (table.encoding() !== encodingAtFirst) await describe()
}

type Batch = { batch: PreparedRows; bytesRead: number }
type CountedFile = { stored: StoredFile; read: () => number }

/** Of a workbook some bytes are read more than once. */
function countBytes({ size, read }: StoredFile): CountedFile {
  let count = 0
  async function* counted(start: number, end: number): AsyncGenerator<Buffer> {
    for await (const chunk of read(start, end)) {
      count += chunk.length
      yield chunk
    }
  }
  return { stored: { size, read: counted }, read: () => Math.min(count, size) }
}

/** What the rows come to, in batches of one transaction; those written before a restart are passed over. */
async function* batches(
  work: Work,
  { table, columns }: { table: Table; columns: ChosenColumns },
  row: ImportRow,
  file: CountedFile,
): AsyncGenerator<Batch> {
  const pieceRows = Math.min(PIECE_ROWS, work.batchRows)
  let batch = nothingPrepared()
  let phones = new Set<string>()
  let characters = 0
  for await (const rows of pieces(skip(table.batches, row.rows), pieceRows)) {
    prepareRows(batch, phones, rows, columns, row.default_country)
    await nextTurn()
    for (const row of rows) characters += charactersOf(row)
    if (batch.rows + pieceRows <= work.batchRows && characters < BATCH_CHARACTERS) continue
    yield { batch, bytesRead: file.read() }
    batch = nothingPrepared()
    phones = new Set()
    characters = 0
  }
  if (batch.rows > 0) yield { batch, bytesRead: file.read() }
}

async function* pieces(batches: AsyncIterable<Row[]>, length: number): AsyncGenerator<Row[]> {
  for await (const rows of batches) {
    let piece: Row[] = []
    let characters = 0
    for (const row of rows) {
      piece.push(row)
      characters += charactersOf(row)
      if (piece.length < length && characters < PIECE_CHARACTERS) continue
      yield piece
      piece = []
      characters = 0
    }
    if (piece.length > 0) yield piece
  }
}

function charactersOf({ cells }: Row): number {
  let characters = 0
  for (const cell of cells) characters += cell.length
  return characters
}

async function* skip(batches: AsyncIterable<Row[]>, count: number): AsyncGenerator<Row[]> {
  let left = count
  for await (const rows of batches) {
    const rest = rows.slice(left)
    left -= rows.length - rest.length
    if (rest.length > 0) yield rest
  }
}
