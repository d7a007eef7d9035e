import multipart, { type MultipartFile } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { idParams, pageOf, pageQuery } from '#contract/common.ts'
import { contactImport, country, importChoice, importPreview } from '#contract/imports.ts'
import { countryFor } from '#server/auth/userSettings.ts'
import { rememberOf } from '#server/auth/idempotencyKeys.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { sendCsv } from '#server/lib/csv.ts'
import { actorOf, requireUser, type Actor, type RoutePlugin } from '#server/lib/http.ts'
import { cursorOfRow, onePage, readCursor } from '#server/lib/listCursor.ts'
import type { SuppressionList } from '#server/suppressions/SuppressionList.ts'
import { toContract } from './importAnswers.ts'
import { cancelImport, findImport, isBeingExpanded, listImports, queueImport, removeImport } from './importQueries.ts'
import type { ImportRow } from './importLeases.ts'
import { rejectionsCsv, warningsCsv } from './importReports.ts'
import { discardUpload, receiveUpload, type UploadDeps } from './receiveUpload.ts'
import { askUndo } from './undoImport.ts'
import { createUploadStore } from './UploadStore.ts'
import { commitImport, countryOf, previewImport } from './waitingImport.ts'

export type ImportRoutesDeps = {
  db: Db
  /** Who was erased does not come back by a file, and its preview says so. */
  suppressions: SuppressionList
  /** Largest file in bytes. */
  maxUploadBytes: number
  /** Called when an import waits: `importRunner.nudge` where the runner lives in this process. */
  onQueued: () => void
}

const PATH = '/api/user/imports'
const USER = { access: 'user' } as const
const CSV = { ...USER, produces: 'text/csv', limited: 'export' } as const
const PAGE = 50

/** Imports of contacts from files: upload, preview, progress, what was refused and why, cancel and undo. */
export function importRoutes(deps: ImportRoutesDeps): RoutePlugin {
  const { db } = deps
  const upload: UploadDeps = { db, store: createUploadStore(db) }
  const waiting = { ...upload, suppressions: deps.suppressions }
  return async (app) => {
    await app.register(multipart, {
      limits: { fileSize: deps.maxUploadBytes, files: 1, fields: 4, parts: 5, fieldSize: 200, headerPairs: 50 },
    })

    app.post(
      PATH,
      {
        config: { ...USER, creates: 202, receives: 'file', limited: 'import' },
        schema: {
          summary:
            'Upload a CSV file or a workbook (xlsx) and import its contacts in the background, or after a preview',
          response: { 202: contactImport },
        },
      },
      async (request, reply) => {
        const row = await receiveForm(upload, request)
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

    app.post(
      `${PATH}/:id/preview`,
      {
        config: { ...USER, limited: 'import' },
        schema: {
          summary: 'How a file that waits would be read, with its first rows; changes nothing',
          params: idParams,
          body: importChoice,
          response: { 200: importPreview },
        },
      },
      async (request) => previewImport(waiting, await getImport(db, request, request.params.id), request.body),
    )

    app.post(
      `${PATH}/:id/commit`,
      {
        config: USER,
        schema: {
          summary: 'Import a file that waits; a mapping that is given is remembered for files with the same headers',
          params: idParams,
          body: importChoice,
          response: { 202: contactImport },
        },
      },
      async (request, reply) => {
        const row = await getImport(db, request, request.params.id)
        const started = await commitImport(waiting, actorOf(request), row, request.body)
        deps.onQueued()
        reply.code(202)
        return toContract(started)
      },
    )

    app.post(
      `${PATH}/:id/undo`,
      {
        config: USER,
        schema: {
          summary: 'Take out the contacts that an import created and that nothing else uses since, in the background',
          params: idParams,
          response: { 202: contactImport },
        },
      },
      async (request, reply) => {
        const row = await askUndo(db, actorOf(request), await getImport(db, request, request.params.id))
        deps.onQueued()
        reply.code(202)
        return toContract(row)
      },
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

async function receiveForm(deps: UploadDeps, request: FastifyRequest): Promise<ImportRow> {
  const actor = actorOf(request)
  let row: ImportRow | null = null
  let form: Form = { defaultCountry: await countryFor(deps.db, actor.userId, undefined), preview: false }
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') form = { ...form, ...readField(part.fieldname, part.value) }
      else row = await receiveUpload(deps, actor.ownerId, onlyFile(part), form.defaultCountry)
    }
    if (row === null) throw invalidField('file', 'is missing')
    // A file may take minutes to arrive; who sent it may have been turned away meanwhile.
    if (!(await request.isStillSignedIn())) throw new AppError('UNAUTHENTICATED')
    const queued = await queueImport(deps.db, actor, row.id, form, rememberOf(request))
    if (queued === undefined) throw new AppError('IMPORT_STATE')
    return queued
  } catch (error) {
    // Nobody reads the rest any more; unread it would block the next request on this connection.
    request.raw.unpipe().resume()
    if (row !== null) await discardUpload(deps, row)
    throw error
  }
}

type Form = { defaultCountry: string; preview: boolean }

function readField(name: string, value: unknown): Partial<Form> {
  if (name === 'preview') {
    if (value !== 'true' && value !== 'false') throw invalidField(name, 'must be true or false')
    return { preview: value === 'true' }
  }
  if (name !== 'defaultCountry') throw invalidField(name, 'is not known here')
  const read = country.safeParse(value)
  if (!read.success) throw invalidField(name, 'must be two capital letters (ISO 3166-1)')
  return { defaultCountry: countryOf(read.data) }
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
  if (row.status === 'undoing') throw new AppError('IMPORT_STATE')
  // A campaign that is reading its audience from here would silently lose the rest of it.
  if (await isBeingExpanded(db, row.user_id, row.id)) throw new AppError('IMPORT_STATE')
  await removeImport(db, actor, row)
}
