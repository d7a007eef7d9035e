import multipart, { type MultipartFile } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { idParams, pageOf, pageQuery } from '#contract/common.ts'
import { contactImport, country, type ContactImport } from '#contract/imports.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { sendCsv } from '#server/lib/csv.ts'
import { actorOf, requireUser, type Actor, type RoutePlugin } from '#server/lib/http.ts'
import { cursorOfRow, onePage, readCursor } from '#server/lib/listCursor.ts'
import { isCountry } from '#server/phone/PhoneValidationService.ts'
import { cancelImport, findImport, isBeingExpanded, listImports, queueImport, removeImport } from './importQueries.ts'
import type { ImportRow } from './importLeases.ts'
import { rejectionsCsv, warningsCsv } from './importReports.ts'
import { discardUpload, receiveUpload, type UploadDeps } from './receiveUpload.ts'
import { createUploadStore } from './UploadStore.ts'

export type ImportRoutesDeps = {
  db: Db
  /** Largest file in bytes. */
  maxUploadBytes: number
  /** Called when an import waits: `importRunner.nudge` where the runner lives in this process. */
  onQueued: () => void
}

const PATH = '/api/user/imports'
const USER = { access: 'user' } as const
const CSV = { ...USER, produces: 'text/csv', limited: 'export' } as const
const DEFAULT_COUNTRY = 'BR'
const PAGE = 50

/** Imports of contacts from CSV files: upload, progress, what was refused and why, cancel and undo. */
export function importRoutes(deps: ImportRoutesDeps): RoutePlugin {
  const { db } = deps
  const upload: UploadDeps = { db, store: createUploadStore(db) }
  return async (app) => {
    await app.register(multipart, {
      limits: { fileSize: deps.maxUploadBytes, files: 1, fields: 4, parts: 5, fieldSize: 200, headerPairs: 50 },
    })

    app.post(
      PATH,
      {
        config: { ...USER, receives: 'file', limited: 'import' },
        schema: {
          summary:
            'Upload a CSV file (multipart/form-data: file, defaultCountry) and import its contacts in the background',
          response: { 202: contactImport },
        },
      },
      async (request, reply) => {
        const row = await receiveForm(upload, request, actorOf(request))
        deps.onQueued()
        reply.code(202)
        return toContract(row)
      },
    )

    app.get(
      PATH,
      {
        config: USER,
        schema: {
          summary: 'List imports, newest first',
          querystring: pageQuery,
          response: { 200: pageOf(contactImport) },
        },
      },
      async (request) => {
        const { limit = PAGE, cursor } = request.query
        const before = cursor === undefined ? null : readCursor(cursor)
        const rows = await listImports(db, requireUser(request).id, { limit: limit + 1, before })
        return onePage(rows, limit, { itemOf: toContract, cursorOf: cursorOfRow })
      },
    )

    app.get(
      `${PATH}/:id`,
      {
        config: USER,
        schema: { summary: 'Progress and outcome of an import', params: idParams, response: { 200: contactImport } },
      },
      async (request) => toContract(await getImport(db, request, request.params.id)),
    )

    app.delete(
      `${PATH}/:id`,
      {
        config: USER,
        schema: {
          summary: 'Cancel an import that is under way; remove one that has ended (the contacts stay)',
          params: idParams,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await cancelOrRemove(upload, actorOf(request), await getImport(db, request, request.params.id))
        return reply.code(204).send(null)
      },
    )

    app.get(
      `${PATH}/:id/rejected.csv`,
      { config: CSV, schema: { summary: 'Refused rows with their reasons', params: idParams } },
      async (request, reply) =>
        sendCsv(reply, 'rejected.csv', rejectionsCsv(db, await getImport(db, request, request.params.id))),
    )

    app.get(
      `${PATH}/:id/warnings.csv`,
      { config: CSV, schema: { summary: 'Accepted rows in which something was noticed', params: idParams } },
      async (request, reply) =>
        sendCsv(reply, 'warnings.csv', warningsCsv(db, await getImport(db, request, request.params.id))),
    )
  }
}

async function receiveForm(deps: UploadDeps, request: FastifyRequest, actor: Actor): Promise<ImportRow> {
  let row: ImportRow | null = null
  let defaultCountry = DEFAULT_COUNTRY
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') defaultCountry = readField(part.fieldname, part.value)
      else row = await receiveUpload(deps, actor.ownerId, onlyFile(part), defaultCountry)
    }
    if (row === null) throw invalidField('file', 'is missing')
    // A file may take minutes to arrive; who sent it may have been turned away meanwhile.
    if (!(await request.isStillSignedIn())) throw new AppError('UNAUTHENTICATED')
    const queued = await queueImport(deps.db, actor, row.id, defaultCountry)
    if (queued === undefined) throw new AppError('IMPORT_STATE')
    return queued
  } catch (error) {
    // Nobody reads the rest any more; unread it would block the next request on this connection.
    request.raw.unpipe().resume()
    if (row !== null) await discardUpload(deps, row)
    throw error
  }
}

function readField(name: string, value: unknown): string {
  if (name !== 'defaultCountry') throw invalidField(name, 'is not known here')
  const read = country.safeParse(value)
  if (!read.success) throw invalidField(name, 'must be two capital letters (ISO 3166-1)')
  if (!isCountry(read.data))
    throw new AppError('UNPROCESSABLE', {
      details: [{ field: name, message: 'is not a country with telephone numbers' }],
    })
  return read.data
}

function onlyFile(part: MultipartFile): MultipartFile {
  if (part.fieldname !== 'file') throw invalidField(part.fieldname, 'is not known here')
  return part
}

function invalidField(field: string, message: string): AppError {
  return new AppError('VALIDATION_FAILED', { details: [{ field: field.slice(0, 100), message }] })
}

async function getImport(db: Db, request: FastifyRequest, id: string): Promise<ImportRow> {
  const row = await findImport(db, requireUser(request).id, id)
  if (row === undefined) throw new AppError('NOT_FOUND')
  return row
}

async function cancelOrRemove({ db, store }: UploadDeps, actor: Actor, row: ImportRow): Promise<void> {
  if (await cancelImport(db, actor, row)) {
    await store.remove({ userId: row.user_id, uploadId: row.id })
    return
  }
  // A campaign that is reading its audience from here would silently lose the rest of it.
  if (await isBeingExpanded(db, row.user_id, row.id)) throw new AppError('IMPORT_STATE')
  await removeImport(db, actor, row)
}

function toContract(row: ImportRow): ContactImport {
  return {
    id: row.id,
    fileName: row.file_name,
    status: row.status,
    defaultCountry: row.default_country,
    bytesTotal: row.bytes_total,
    bytesRead: row.bytes_read,
    rows: row.rows,
    accepted: row.accepted,
    created: row.created,
    duplicates: row.duplicates,
    rejected: row.rejected,
    warnings: row.warnings,
    columns: row.columns,
    encoding: row.encoding,
    delimiter: row.delimiter,
    failure: row.failure,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  }
}
