import multipart from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { addSuppressionsBody, importedSuppressions } from '#contract/suppressions.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { csvLine, sendCsv } from '#server/lib/csv.ts'
import { actorOf, doneBy, type RoutePlugin } from '#server/lib/http.ts'
import type { SuppressionService } from './SuppressionService.ts'
import { listSuppressions } from './suppressionQueries.ts'

const PATH = '/api/user/suppressions'
/** Room for the longest list, with names beside the numbers. */
const MAX_FILE_BYTES = 16 * 1024 * 1024
const PAGE_ROWS = 1000

/** Beside the file: what holds for lines that say no reason. */
const fields = addSuppressionsBody.pick({ reason: true, note: true, defaultCountry: true })

export type SuppressionFileRoutesDeps = { db: Db; audit: AuditLogger; suppressions: SuppressionService }

/** The list of whom an account does not write to, as a file in and out. */
export function suppressionFileRoutes({ db, audit, suppressions }: SuppressionFileRoutesDeps): RoutePlugin {
  return async (app) => {
    await app.register(multipart, {
      limits: { fileSize: MAX_FILE_BYTES, files: 1, fields: 4, parts: 5, fieldSize: 600, headerPairs: 50 },
    })
    app.post(
      `${PATH}/import`,
      {
        config: { access: 'user', receives: 'file', limited: 'import' },
        schema: {
          summary: 'Suppress the numbers of a file (multipart/form-data: file, reason, note, defaultCountry)',
          response: { 200: importedSuppressions },
        },
      },
      async (request) => {
        const { bytes, ...why } = await readForm(request)
        return suppressions.addList(actorOf(request), bytes, why)
      },
    )
    app.get(
      `${PATH}/export.csv`,
      {
        config: { access: 'user', produces: 'text/csv', limited: 'export' },
        schema: { summary: 'All suppressions; people who were erased have no number' },
      },
      async (request, reply) => {
        const actor = actorOf(request)
        await audit.logEvent(db, { ...doneBy(actor), ownerId: actor.ownerId, action: 'suppression-export' })
        return sendCsv(reply, 'suppressions.csv', suppressionsCsv(db, actor.ownerId))
      },
    )
  }
}

async function readForm(request: FastifyRequest) {
  const given: Record<string, unknown> = {}
  let bytes: Buffer | null = null
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') given[part.fieldname] = part.value
      else if (part.fieldname === 'file') bytes = await part.toBuffer()
      else throw invalid(part.fieldname, 'is not a known field')
    }
  } catch (error) {
    // Nobody reads the rest any more; unread it would block the next request on this connection.
    request.raw.unpipe().resume()
    throw (error as { code?: unknown }).code === 'FST_REQ_FILE_TOO_LARGE' ? new AppError('PAYLOAD_TOO_LARGE') : error
  }
  if (bytes === null) throw invalid('file', 'is missing')
  const read = fields.safeParse(given)
  if (!read.success) {
    const [issue] = read.error.issues
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path.join('.')
    throw invalid(unknown ?? 'file', issue?.message ?? 'is wrong')
  }
  return { bytes, ...read.data }
}

function invalid(field: string, message: string): AppError {
  return new AppError('VALIDATION_FAILED', { details: [{ field: field.slice(0, 100), message }] })
}

/** Newest first, page by page, so a slow reader costs no memory; the import reads it again. */
async function* suppressionsCsv(db: Db, userId: string): AsyncGenerator<string> {
  yield `\ufeff${csvLine(['phone', 'reason', 'source', 'note', 'createdAt'])}`
  let before: Parameters<typeof listSuppressions>[2]['before'] = null
  for (;;) {
    const page = await listSuppressions(db, userId, { limit: PAGE_ROWS, before })
    yield page
      .map((row) => csvLine([row.phone ?? '', row.reason, row.source, row.note ?? '', row.created_at.toISOString()]))
      .join('')
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_ROWS) return
    before = { createdAt: last.cursorAt, id: last.id }
  }
}
