import type { ChangedContactList, ContactList, ContactSelection, LabelKind } from '#contract/contactLists.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { forget, type Remember } from '#server/auth/idempotencyKeys.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { retryOnConflict, transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { cursorOfRow, onePage, readCursor } from '#server/lib/listCursor.ts'
import type { ContactFilter } from './contactFilter.ts'
import {
  addToLabel,
  deleteLabel,
  findLabel,
  findMissingLabels,
  insertLabel,
  isLabelBeingExpanded,
  listLabels,
  lockLabel,
  removeFromLabel,
  renameLabel,
  type Chosen,
  type ContactLabelRow,
} from './contactLists.ts'
import { findImports } from './importQueries.ts'

type Page = { items: ContactList[]; nextCursor: string | null }
type ListAction = 'create' | 'edit' | 'delete' | 'add' | 'remove'

const UNIQUE_VIOLATION = '23505'

/** Groups and tags of an account, and who is in them. */
export class ContactListService {
  readonly #db: Db
  readonly #audit: AuditLogger

  constructor(options: { db: Db; audit: AuditLogger }) {
    this.#db = options.db
    this.#audit = options.audit
  }

  /** Newest first. Throws VALIDATION_FAILED for a cursor that is not ours. */
  async list(userId: string, kind: LabelKind, limit: number, cursor: string | null): Promise<Page> {
    const before = cursor === null ? null : readCursor(cursor)
    const rows = await listLabels(this.#db, userId, kind, { limit: limit + 1, before })
    return onePage(rows, limit, { itemOf: toContactList, cursorOf: cursorOfRow })
  }

  async get(userId: string, kind: LabelKind, id: string): Promise<ContactList> {
    return toContactList(await labelOf(this.#db, userId, kind, id))
  }

  /** Throws NAME_TAKEN, whatever the case of the letters. */
  async create(actor: Actor, kind: LabelKind, name: string, remember: Remember = forget): Promise<ContactList> {
    return transaction(this.#db, async (trx) => {
      const row = await insertLabel(trx, actor.ownerId, kind, name)
      if (row === undefined) throw new AppError('NAME_TAKEN', { details: [{ field: 'name' }] })
      await this.#note(trx, actor, 'create', row, { name })
      const created = toContactList(row)
      await remember(trx, created)
      return created
    })
  }

  async rename(actor: Actor, kind: LabelKind, id: string, name: string): Promise<ContactList> {
    try {
      return await transaction(this.#db, async (trx) => {
        const before = await labelOf(trx, actor.ownerId, kind, id)
        const row = await renameLabel(trx, actor.ownerId, id, name)
        if (row === undefined) throw new AppError('NOT_FOUND')
        await this.#note(trx, actor, 'edit', row, { from: before.name, to: name })
        return toContactList(row)
      })
    } catch (error) {
      if ((error as { code?: unknown }).code !== UNIQUE_VIOLATION) throw error
      throw new AppError('NAME_TAKEN', { cause: error, details: [{ field: 'name' }] })
    }
  }

  /** The contacts stay. Throws CONFLICT while a campaign reads its audience from it. */
  async remove(actor: Actor, kind: LabelKind, id: string): Promise<void> {
    await retryOnConflict(() =>
      transaction(this.#db, async (trx) => {
        const row = found(await lockLabel(trx, actor.ownerId, kind, id))
        if (await isLabelBeingExpanded(trx, actor.ownerId, id)) {
          throw new AppError('CONFLICT', { details: { retryAfterSeconds: 5 } })
        }
        await deleteLabel(trx, actor.ownerId, id)
        await this.#note(trx, actor, 'delete', row, { name: row.name, contacts: row.members })
      }),
    )
  }

  /** All of them or, should it fail, none. Throws UNKNOWN_IMPORT and UNKNOWN_GROUP. */
  async change(
    actor: Actor,
    how: 'add' | 'remove',
    kind: LabelKind,
    id: string,
    selection: ContactSelection,
  ): Promise<ChangedContactList> {
    const userId = actor.ownerId
    return retryOnConflict(() =>
      transaction(this.#db, async (trx) => {
        found(await lockLabel(trx, userId, kind, id))
        const chosen = await this.#chosen(trx, userId, selection)
        const changed = await (how === 'add' ? addToLabel : removeFromLabel)(trx, userId, id, chosen)
        const row = await labelOf(trx, userId, kind, id)
        if (changed > 0) await this.#note(trx, actor, how, row, { by: Object.keys(selection)[0], contacts: changed })
        return { ...toContactList(row), changed }
      }),
    )
  }

  async #chosen(trx: Trx, userId: string, selection: ContactSelection): Promise<Chosen> {
    if ('contactIds' in selection) return selection
    if ('importId' in selection) {
      const [found] = await findImports(trx, userId, [selection.importId])
      if (found?.status !== 'completed') throw new AppError('UNKNOWN_IMPORT', { details: [{ field: 'importId' }] })
      return selection
    }
    const { search = null, groupId = null, tagId = null } = selection.filter
    const filter: ContactFilter = { search, groupId, tagId }
    await requireLabels(trx, userId, {
      groupIds: groupId === null ? [] : [groupId],
      tagIds: tagId === null ? [] : [tagId],
    })
    return { filter }
  }

  async #note(trx: Trx, actor: Actor, what: ListAction, row: ContactLabelRow, details: object): Promise<void> {
    await this.#audit.logEvent(trx, {
      ...doneBy(actor),
      ownerId: actor.ownerId,
      action: `contact-list-${what}`,
      target: row.id,
      details: { kind: row.kind, ...details },
    })
  }
}

/** Throws UNKNOWN_GROUP, naming those that are not there. `prefix` of the fields' names in the body. */
export async function requireLabels(
  db: Db | Trx,
  userId: string,
  { groupIds, tagIds }: { groupIds: readonly string[]; tagIds: readonly string[] },
  prefix = '',
): Promise<void> {
  const missing = {
    groupIds: await findMissingLabels(db, userId, 'group', groupIds),
    tagIds: await findMissingLabels(db, userId, 'tag', tagIds),
  }
  const details = (['groupIds', 'tagIds'] as const)
    .filter((field) => missing[field].length > 0)
    .map((field) => ({ field: `${prefix}${field}`, missing: missing[field] }))
  if (details.length > 0) throw new AppError('UNKNOWN_GROUP', { details })
}

async function labelOf(db: Db | Trx, userId: string, kind: LabelKind, id: string): Promise<ContactLabelRow> {
  return found(await findLabel(db, userId, kind, id))
}

function found(row: ContactLabelRow | undefined): ContactLabelRow {
  if (row === undefined) throw new AppError('NOT_FOUND')
  return row
}

function toContactList(row: ContactLabelRow): ContactList {
  return { id: row.id, name: row.name, contacts: row.members, createdAt: row.created_at.toISOString() }
}
