import type { z } from 'zod'
import {
  adminAuditQuery,
  adminAuditRow,
  auditFilter,
  auditPageQuery,
  auditRow,
  type AdminAuditRow,
  type AuditFilter,
  type AuditRow,
} from '#contract/audit.ts'
import { idParams, pageOf } from '#contract/common.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { csvLine, sendCsv } from '#server/lib/csv.ts'
import { actorOf, doneBy, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import { badCursor, onePage } from '#server/lib/listCursor.ts'
import type { AuditLogger } from './AuditLogger.ts'
import { encodeText } from './encodeDetails.ts'
import { hasHistory, listEverything, listHistory, type AnyAuditRow } from './auditQueries.ts'

export type AuditRoutesDeps = { db: Db; audit: AuditLogger }

const PAGE = 50
const EXPORT_PAGE = 1000
const COLUMNS = ['at', 'action', 'userId', 'userName', 'ownerId', 'campaignId', 'target', 'address', 'details'] as const

/** Who did what: an owner reads the trail of a campaign, also of a deleted one, an administrator everything. */
export function auditRoutes({ db, audit }: AuditRoutesDeps): RoutePlugin {
  return async (app) => {
    app.get(
      '/api/user/bulk-campaigns/:id/audit',
      {
        config: { access: 'user' },
        schema: {
          summary: 'What happened to a campaign, oldest first unless asked otherwise',
          params: idParams,
          querystring: auditPageQuery,
          response: { 200: pageOf(auditRow) },
        },
      },
      async (request) => historyPage(db, requireUser(request).id, request.params.id, request.query),
    )

    app.get(
      '/api/admin/audit',
      {
        config: { access: 'admin' },
        schema: {
          summary: 'What happened in all accounts, newest first',
          querystring: adminAuditQuery,
          response: { 200: pageOf(adminAuditRow) },
        },
      },
      async (request) => everythingPage(db, request.query),
    )

    app.get(
      '/api/admin/audit/export',
      {
        config: { access: 'admin', limited: 'export', produces: 'text/csv' },
        schema: { summary: 'The same as a CSV, which is noted in the trail', querystring: auditFilter },
      },
      async (request, reply) => {
        await audit.logEvent(db, { ...doneBy(actorOf(request)), action: 'audit-export', details: { ...request.query } })
        return sendCsv(reply, 'audit.csv', everythingCsv(db, request.query))
      },
    )
  }
}

async function historyPage(db: Db, ownerId: string, campaignId: string, query: z.output<typeof auditPageQuery>) {
  if (!(await hasHistory(db, ownerId, campaignId))) throw new AppError('NOT_FOUND')
  const limit = query.limit ?? PAGE
  const after = query.cursor === undefined ? null : readId(query.cursor)
  const order = query.order === 'newest' ? 'desc' : 'asc'
  const rows = await listHistory(db, { ownerId, campaignId }, { order, after, limit: limit + 1 })
  return onePage(rows, limit, { itemOf: toAuditRow, cursorOf: ({ id }) => String(id) })
}

async function everythingPage(db: Db, { limit = PAGE, cursor, ...filter }: z.output<typeof adminAuditQuery>) {
  const after = cursor === undefined ? null : Buffer.from(cursor, 'base64url').toString()
  const rows = await listEverything(db, filter, { after, limit: limit + 1 })
  if (rows === null) throw badCursor()
  return onePage(rows, limit, {
    itemOf: toAdminRow,
    cursorOf: ({ place }) => Buffer.from(place).toString('base64url'),
  })
}

async function* everythingCsv(db: Db, filter: AuditFilter): AsyncGenerator<string> {
  yield `\ufeff${csvLine([...COLUMNS], ',')}`
  for (let after: string | null = null; ;) {
    const rows: AnyAuditRow[] = (await listEverything(db, filter, { after, limit: EXPORT_PAGE })) ?? []
    yield rows.map((row) => csvLine(cellsOf(toAdminRow(row)), ',')).join('')
    if (rows.length < EXPORT_PAGE) return
    after = rows.at(-1)?.place ?? null
  }
}

/** One line a row, whatever a person called themselves: names come from elsewhere and are not encoded yet. */
function cellsOf(row: AdminAuditRow): string[] {
  return COLUMNS.map((column) => (column === 'details' ? JSON.stringify(row.details) : encodeText(row[column] ?? '')))
}

function toAdminRow(row: AnyAuditRow): AdminAuditRow {
  const id = `${row.kind}-${row.id}`
  return { ...toAuditRow(row), id, ownerId: row.owner_id, campaignId: row.campaign_id, target: row.target }
}

function toAuditRow(row: Omit<AnyAuditRow, 'kind' | 'owner_id' | 'campaign_id' | 'target' | 'place'>): AuditRow {
  const { id, action, user_id: userId, userName, address, details } = row
  return { id: String(id), at: row.created_at.toISOString(), action, userId, userName, address, details }
}

function readId(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw badCursor()
  return Number(cursor)
}
