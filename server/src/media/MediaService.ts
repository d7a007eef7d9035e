import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { MAX_BYTES_OF_KIND, type Medium } from '#contract/media.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { CHUNK_BYTES, createChunkStore, type ChunkStore } from '#server/db/ChunkStore.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { inChunks } from '#server/lib/inChunks.ts'
import { cursorOfRow, onePage, readCursor } from '#server/lib/listCursor.ts'
import { fileTypeOf, HEAD_BYTES, type FileType } from './fileTypes.ts'
import {
  countUses,
  deleteMedium,
  findMedium,
  findSameMedium,
  finishMedium,
  listBrokenUploads,
  listMedia,
  lockMedia,
  lockMedium,
  openMedium,
  sumOfMedia,
  type MediumRow,
} from './mediaQueries.ts'

export type MediaServiceDeps = {
  db: Db
  audit: AuditLogger
  /** Most bytes that the files of one account may have together. */
  quotaBytes: number
}

/** A file as it comes in; `truncated` is true when more came than any file may have. */
export type IncomingFile = { filename: string; mimetype: string; file: Readable & { truncated: boolean } }

/** No upload takes so long: what has not arrived by then never will. */
const BROKEN_AFTER_MS = 86_400_000

/** The files of an account, to be sent with messages. Their bytes are stored once, in the database. */
export class MediaService {
  readonly #db: Db
  readonly #audit: AuditLogger
  readonly #chunks: ChunkStore
  readonly #quotaBytes: number

  constructor({ db, audit, quotaBytes }: MediaServiceDeps) {
    this.#quotaBytes = quotaBytes
    this.#db = db
    this.#audit = audit
    this.#chunks = createChunkStore(db, { table: 'media_chunks', column: 'media_id' })
  }

  /**
   * Stores a file, a piece in memory at a time; the same bytes again are the medium that is there. Nothing stays of one
   * that breaks off. Throws UNPROCESSABLE for a file that WhatsApp does not take, or whose name, declared type and bytes
   * disagree, and PAYLOAD_TOO_LARGE, also where the account has no room left. `isWelcome`: asked when all has arrived, which may take minutes.
   */
  async add(actor: Actor, incoming: IncomingFile, isWelcome: () => Promise<boolean>): Promise<Medium> {
    const userId = actor.ownerId
    await this.#sweepBroken(userId)
    const pieces = inChunks(incoming.file as AsyncIterable<Buffer>, CHUNK_BYTES)
    const first = await pieces.next()
    const head = first.done === true ? Buffer.alloc(0) : first.value
    const fileName = cleanFileName(incoming.filename)
    await this.#refuseBeyondQuota(this.#db, userId, head.length)
    const type = head.length === 0 ? null : typeOf(fileName, incoming.mimetype, head)
    if (type === null) throw refuse('The file is empty.')
    const id = await openMedium(this.#db, userId, { ...type, fileName })
    try {
      const content = await this.#store({ userId, id }, type, head, pieces)
      if (incoming.file.truncated) throw new AppError('PAYLOAD_TOO_LARGE')
      if (!(await isWelcome())) throw new AppError('UNAUTHENTICATED')
      return toMedium(await this.#finish(actor, id, type, content))
    } catch (error) {
      await deleteMedium(this.#db, userId, id)
      throw error
    }
  }

  /** Newest first. Throws VALIDATION_FAILED for a cursor that is not ours. */
  async list(
    userId: string,
    limit: number,
    cursor: string | null,
  ): Promise<{ items: Medium[]; nextCursor: string | null }> {
    const before = cursor === null ? null : readCursor(cursor)
    const rows = await listMedia(this.#db, userId, { limit: limit + 1, before })
    return onePage(rows, limit, { itemOf: toMedium, cursorOf: cursorOfRow })
  }

  async get(userId: string, id: string): Promise<Medium> {
    const row = await findMedium(this.#db, userId, id)
    if (row === undefined) throw new AppError('NOT_FOUND')
    return toMedium(row)
  }

  /** Its bytes in order, one piece in memory at a time. */
  read(userId: string, id: string): AsyncGenerator<Buffer> {
    return this.#chunks.read({ userId, id })
  }

  /** Throws MEDIA_IN_USE while a message that may still go out, or a saved template, names it. */
  async remove(actor: Actor, id: string): Promise<void> {
    const userId = actor.ownerId
    await transaction(this.#db, async (trx) => {
      const row = await lockMedium(trx, userId, id)
      if (row === undefined) throw new AppError('NOT_FOUND')
      const uses = await countUses(trx, userId, id)
      if (uses.campaigns + uses.templates > 0) throw new AppError('MEDIA_IN_USE', { details: uses })
      await deleteMedium(trx, userId, id)
      await this.#audit.logEvent(trx, {
        ...doneBy(actor),
        ownerId: userId,
        action: 'media-delete',
        target: id,
        details: { fileName: row.file_name },
      })
    })
  }

  async #store(
    key: { userId: string; id: string },
    { kind }: FileType,
    head: Buffer,
    rest: AsyncIterable<Buffer>,
  ): Promise<{ sha256: Buffer; bytes: number }> {
    const hash = createHash('sha256')
    const largest = MAX_BYTES_OF_KIND[kind]
    let seq = 0
    let bytes = 0
    const take = async (piece: Buffer) => {
      bytes += piece.length
      if (bytes > largest) throw new AppError('PAYLOAD_TOO_LARGE', { details: { kind, maxBytes: largest } })
      hash.update(piece)
      await this.#chunks.append(key, seq++, piece)
    }
    await take(head)
    for await (const piece of rest) await take(piece)
    return { sha256: hash.digest(), bytes }
  }

  async #finish(
    actor: Actor,
    id: string,
    { mimeType }: FileType,
    content: { sha256: Buffer; bytes: number },
  ): Promise<MediumRow> {
    const userId = actor.ownerId
    return transaction(this.#db, async (trx) => {
      await lockMedia(trx, userId)
      const same = await findSameMedium(trx, userId, { sha256: content.sha256, mimeType })
      if (same !== undefined) {
        await deleteMedium(trx, userId, id)
        return same
      }
      await this.#refuseBeyondQuota(trx, userId, content.bytes)
      const finished = await finishMedium(trx, userId, id, content)
      if (finished === undefined) throw new AppError('CONFLICT')
      const { kind, mime_type, file_name: fileName, bytes } = finished
      await this.#audit.logEvent(trx, {
        ...doneBy(actor),
        ownerId: userId,
        action: 'media-create',
        target: id,
        details: { kind, mimeType: mime_type, fileName, bytes },
      })
      return finished
    })
  }

  /** Asked before the bytes are stored and once more when all are here: uploads may come together. */
  async #refuseBeyondQuota(db: Db | Trx, userId: string, bytes: number): Promise<void> {
    const used = await sumOfMedia(db, userId)
    if (used + bytes <= this.#quotaBytes) return
    throw new AppError('PAYLOAD_TOO_LARGE', { details: { quotaBytes: this.#quotaBytes, usedBytes: used } })
  }

  async #sweepBroken(userId: string): Promise<void> {
    for (const id of await listBrokenUploads(this.#db, userId, BROKEN_AFTER_MS)) {
      await deleteMedium(this.#db, userId, id)
    }
  }
}

function typeOf(fileName: string, declared: string, bytes: Buffer): FileType {
  const type = fileTypeOf({ fileName, declared, head: bytes.subarray(0, HEAD_BYTES) })
  if (type !== null) return type
  throw refuse('WhatsApp does not take this file, or its name, its declared type and its content disagree.')
}

function refuse(message: string): AppError {
  return new AppError('UNPROCESSABLE', { details: [{ field: 'file', message }] })
}

/** The last part of what the browser called it, without anything that could be a path or a control character. */
function cleanFileName(name: string): string {
  const base = name.split(/[\\/]/).at(-1) ?? ''
  const visible = base.toWellFormed().replace(/\p{C}/gu, '').trim()
  const extension = /\.[a-z0-9]{1,5}$/i.exec(visible)?.[0] ?? ''
  const stem = [...visible.slice(0, visible.length - extension.length)]
  return `${stem.slice(0, 200).join('') || 'arquivo'}${extension}`
}

/** As the API shows it. */
export function toMedium(row: MediumRow): Medium {
  return {
    id: row.id,
    kind: row.kind,
    mimeType: row.mime_type,
    fileName: row.file_name,
    bytes: row.bytes,
    sha256: row.sha256.toString('hex'),
    createdAt: row.created_at.toISOString(),
  }
}
