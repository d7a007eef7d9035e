import type { z } from 'zod'
import type { CampaignMessage } from '#contract/campaignMessages.ts'
import type { createTemplateBody, editTemplateBody, SavedTemplate } from '#contract/templates.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { forget, type Remember } from '#server/auth/idempotencyKeys.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { cursorOfRow, onePage, readCursor } from '#server/lib/listCursor.ts'
import { requireMedia } from '#server/media/requireMedia.ts'
import { checkLinks } from './checkLinks.ts'
import { checkMessages, checkTexts } from './checkMessages.ts'
import {
  deleteTemplate,
  findTemplate,
  insertTemplate,
  listTemplates,
  updateTemplate,
  type TemplateRow,
} from './templateQueries.ts'

type Page = { items: SavedTemplate[]; nextCursor: string | null }

/** Messages that an account keeps under a name. Campaigns copy them: what is edited here changes none. */
export class TemplateService {
  readonly #db: Db
  readonly #audit: AuditLogger

  constructor({ db, audit }: { db: Db; audit: AuditLogger }) {
    this.#db = db
    this.#audit = audit
  }

  /** Throws NAME_TAKEN, and what a campaign with these messages would be refused with. */
  async create(
    actor: Actor,
    body: z.output<typeof createTemplateBody>,
    remember: Remember = forget,
  ): Promise<SavedTemplate> {
    await check(body.messages)
    return transaction(this.#db, async (trx) => {
      await requireMedia(trx, actor.ownerId, body.messages)
      const row = await insertTemplate(trx, actor.ownerId, body)
      await this.#log(trx, actor, 'template-create', row)
      const created = toSavedTemplate(row)
      await remember(trx, created)
      return created
    })
  }

  async get(userId: string, id: string): Promise<SavedTemplate> {
    return toSavedTemplate(found(await findTemplate(this.#db, userId, id)))
  }

  /** Newest first. Throws VALIDATION_FAILED for a cursor that is not ours. */
  async list(userId: string, limit: number, cursor: string | null): Promise<Page> {
    const before = cursor === null ? null : readCursor(cursor)
    const rows = await listTemplates(this.#db, userId, { limit: limit + 1, before })
    return onePage(rows, limit, { itemOf: toSavedTemplate, cursorOf: cursorOfRow })
  }

  /** As `create`. */
  async edit(actor: Actor, id: string, body: z.output<typeof editTemplateBody>): Promise<SavedTemplate> {
    await check(body.messages ?? [])
    return transaction(this.#db, async (trx) => {
      found(await findTemplate(trx, actor.ownerId, id))
      await requireMedia(trx, actor.ownerId, body.messages ?? [])
      const row = found(await updateTemplate(trx, actor.ownerId, id, body))
      await this.#log(trx, actor, 'template-edit', row, { fields: Object.keys(body) })
      return toSavedTemplate(row)
    })
  }

  async remove(actor: Actor, id: string): Promise<void> {
    await transaction(this.#db, async (trx) => {
      const row = found(await deleteTemplate(trx, actor.ownerId, id))
      await this.#log(trx, actor, 'template-delete', row)
    })
  }

  async #log(
    trx: Trx,
    actor: Actor,
    action: 'template-create' | 'template-edit' | 'template-delete',
    { id, name }: TemplateRow,
    details: Record<string, unknown> = {},
  ): Promise<void> {
    const event = { ...doneBy(actor), ownerId: actor.ownerId, action, target: id, details: { name, ...details } }
    await this.#audit.logEvent(trx, event)
  }
}

/** As for a channel that takes every kind of message: which it will be is not known yet. */
async function check(messages: CampaignMessage[]): Promise<void> {
  checkMessages({ gateway: 'cloud' }, messages)
  checkTexts(messages)
  await checkLinks(messages)
}

function found(row: TemplateRow | undefined): TemplateRow {
  if (row === undefined) throw new AppError('NOT_FOUND')
  return row
}

/** As the API shows it. */
function toSavedTemplate(row: TemplateRow): SavedTemplate {
  return {
    id: row.id,
    name: row.name,
    messages: row.messages,
    needs: row.needs,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}
