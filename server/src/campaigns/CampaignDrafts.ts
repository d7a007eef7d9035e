import { sql } from 'kysely'
import {
  MAX_DRAFTS,
  type CampaignDraft,
  type CampaignDraftSummary,
  type SaveDraftBody,
} from '#contract/campaignDrafts.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { cursorAt, isOlder } from '#server/db/newestFirst.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { cursorOfRow, onePage, readCursor } from '#server/lib/listCursor.ts'

/** As long as the name of a campaign may be. */
const MAX_NAME = 120

type Page = { items: CampaignDraftSummary[]; nextCursor: string | null }

/**
 * What people have typed of campaigns that are not made yet. That a draft was begun or thrown away stands in the trail;
 * what was typed in between does not.
 */
export class CampaignDrafts {
  readonly #db: Db
  readonly #audit: AuditLogger

  constructor({ db, audit }: { db: Db; audit: AuditLogger }) {
    this.#db = db
    this.#audit = audit
  }

  /** Newest first. Throws VALIDATION_FAILED for a cursor that is not ours. */
  async list(userId: string, limit: number, cursor: string | null): Promise<Page> {
    const rows = await this.#db
      .selectFrom('campaign_drafts')
      .select(['id', 'name', 'created_at', 'updated_at', cursorAt()])
      .where('user_id', '=', userId)
      .where(isOlder(cursor === null ? null : readCursor(cursor)))
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute()
    const itemOf = (row: (typeof rows)[number]) => ({
      id: row.id,
      name: row.name,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    })
    return onePage(rows, limit, { itemOf, cursorOf: cursorOfRow })
  }

  /** Throws NOT_FOUND. */
  async get(userId: string, id: string): Promise<CampaignDraft> {
    const draft = await find(this.#db, userId, id)
    if (draft === undefined) throw new AppError('NOT_FOUND')
    return draft
  }

  /**
   * Stores what the page holds, if what it last saw is what is stored; the same once more changes nothing, because its
   * answer may have been lost. Returns the new revision. Throws CONFLICT with what is stored, NOT_FOUND for a revision of
   * a draft that is gone, UNPROCESSABLE where an account has too many.
   */
  async save(actor: Actor, id: string, { data, revision }: SaveDraftBody): Promise<number> {
    const text = JSON.stringify(data)
    const draft = { userId: actor.ownerId, id, name: nameOf(data), text, revision }
    return transaction(this.#db, async (trx) => {
      const saved = revision === 0 ? await this.#insert(trx, actor, draft) : await update(trx, draft)
      if (saved !== undefined) return saved
      const stored = await find(trx, actor.ownerId, id)
      if (stored === undefined) throw new AppError('NOT_FOUND')
      if (stored.revision === revision + 1 && JSON.stringify(stored.data) === text) return stored.revision
      throw new AppError('CONFLICT', { details: { draft: stored } })
    })
  }

  /** Throws NOT_FOUND. */
  async delete(actor: Actor, id: string): Promise<void> {
    await transaction(this.#db, async (trx) => {
      const { numDeletedRows } = await trx
        .deleteFrom('campaign_drafts')
        .where('user_id', '=', actor.ownerId)
        .where('id', '=', id)
        .executeTakeFirst()
      if (numDeletedRows === 0n) throw new AppError('NOT_FOUND')
      await this.#note(trx, actor, id, 'campaign-draft-delete')
    })
  }

  /** Undefined where there is one with this id. */
  async #insert(trx: Trx, actor: Actor, draft: WrittenDraft): Promise<number | undefined> {
    const { userId, id, name, text } = draft
    const row = await trx
      .insertInto('campaign_drafts')
      .values({ user_id: userId, id, name, data: text, revision: 1 })
      .onConflict((conflict) => conflict.columns(['user_id', 'id']).doNothing())
      .returning('revision')
      .executeTakeFirst()
    if (row === undefined) return undefined
    await refuseTooMany(trx, userId)
    await this.#note(trx, actor, id, 'campaign-draft-create')
    return row.revision
  }

  async #note(trx: Trx, actor: Actor, id: string, action: 'campaign-draft-create' | 'campaign-draft-delete') {
    await this.#audit.logEvent(trx, { ...doneBy(actor), ownerId: actor.ownerId, action, target: id })
  }
}

type WrittenDraft = { userId: string; id: string; name: string; text: string; revision: number }

/** Undefined where another revision is stored, or none. */
async function update(trx: Trx, { userId, id, name, text, revision }: WrittenDraft): Promise<number | undefined> {
  const row = await trx
    .updateTable('campaign_drafts')
    .set({ name, data: text, revision: revision + 1, updated_at: sql<Date>`clock_timestamp()` })
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('revision', '=', revision)
    .returning('revision')
    .executeTakeFirst()
  return row?.revision
}

async function refuseTooMany(trx: Trx, userId: string): Promise<void> {
  const { drafts } = await trx
    .selectFrom('campaign_drafts')
    .select(({ fn }) => fn.countAll<number>().as('drafts'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow()
  if (drafts <= MAX_DRAFTS) return
  const message = 'There are too many drafts; delete some.'
  throw new AppError('UNPROCESSABLE', { details: [{ field: 'revision', message, limit: MAX_DRAFTS }] })
}

async function find(db: Db | Trx, userId: string, id: string): Promise<CampaignDraft | undefined> {
  const row = await db
    .selectFrom('campaign_drafts')
    .select(['id', 'data', 'revision', 'updated_at'])
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const data = JSON.parse(row.data) as CampaignDraft['data']
  return { id: row.id, data, revision: row.revision, updatedAt: row.updated_at.toISOString() }
}

/** Text columns take no zero character. */
function nameOf({ name }: SaveDraftBody['data']): string {
  return typeof name === 'string' ? name.replaceAll('\0', '').trim().slice(0, MAX_NAME).toWellFormed() : ''
}

/** Deletes drafts in which a number stands in any spelling (`phone/writtenDigits.ts`): names stand beside it. */
export async function forgetInDrafts(trx: Trx, userId: string, spellings: string[]): Promise<void> {
  await sql`
    delete from campaign_drafts
    where user_id = ${userId}
      and regexp_replace(data, '[ ().+/-]', '', 'g') like any(${spellings.map((digits) => `%${digits}%`)}::text[])
  `.execute(trx)
}
