import type { Readable } from 'node:stream'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { inChunks } from '#server/lib/inChunks.ts'
import { dropUpload, noteUploaded, openImport } from './importQueries.ts'
import type { ImportRow } from './importLeases.ts'
import { UPLOAD_CHUNK_BYTES, type UploadStore } from './UploadStore.ts'

export type UploadDeps = { db: Db; store: UploadStore }
export type UploadedFile = { filename: string; file: Readable & { truncated: boolean } }

/**
 * Streams a file into the upload store, a chunk in memory at a time. When it breaks off or is too large, nothing of it
 * stays and the error goes on.
 */
export async function receiveUpload(
  deps: UploadDeps,
  userId: string,
  upload: UploadedFile,
  defaultCountry: string,
): Promise<ImportRow> {
  const row = await openImport(deps.db, userId, cleanFileName(upload.filename), defaultCountry)
  try {
    await storeChunks(deps, row, upload.file)
    if (upload.file.truncated) throw new AppError('PAYLOAD_TOO_LARGE')
    return row
  } catch (error) {
    await discardUpload(deps, row)
    throw error
  }
}

export async function discardUpload({ db, store }: UploadDeps, row: ImportRow): Promise<void> {
  await store.remove({ userId: row.user_id, uploadId: row.id })
  await dropUpload(db, row.user_id, row.id)
}

async function storeChunks({ db, store }: UploadDeps, row: ImportRow, file: Readable): Promise<void> {
  let seq = 0
  let total = 0
  for await (const bytes of inChunks(file as AsyncIterable<Buffer>, UPLOAD_CHUNK_BYTES)) {
    await store.append({ userId: row.user_id, uploadId: row.id }, seq++, bytes)
    total += bytes.length
    if (!(await noteUploaded(db, row.user_id, row.id, total))) throw new AppError('IMPORT_STATE')
  }
}

/** The last part of what the browser called it, without anything that could be a path or a control character. */
function cleanFileName(name: string): string {
  const base = name.split(/[\\/]/).at(-1) ?? ''
  const visible = base
    .toWellFormed()
    .replace(/[\p{C}]/gu, '')
    .trim()
  return [...visible].slice(0, 200).join('') || 'contatos.csv'
}
