import {
  COUNTED_CONTACTS,
  type Contact,
  type ContactSummary,
  type CreateContactBody,
  type EditContactBody,
} from '#contract/contacts.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { forget, type Remember } from '#server/auth/idempotencyKeys.ts'
import { countryFor } from '#server/auth/userSettings.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { retryOnConflict, transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { badCursor, onePage } from '#server/lib/listCursor.ts'
import { lockToStorePeople } from '#server/suppressions/personLock.ts'
import type { SuppressionList } from '#server/suppressions/SuppressionList.ts'
import { canonicalOf } from '#server/suppressions/SuppressionService.ts'
import { toContact } from './contactAnswers.ts'
import type { ContactFilter } from './contactFilter.ts'
import { requireLabels } from './ContactListService.ts'
import { addToLabel } from './contactLists.ts'
import {
  countUpTo,
  deleteContact,
  findContactByPhone,
  findLabelledContact,
  insertContact,
  listContacts,
  updateContact,
} from './contactQueries.ts'

type Page = { items: Contact[]; nextCursor: string | null }

/** The people of an account, as files and people brought them. */
export class ContactService {
  readonly #db: Db
  readonly #audit: AuditLogger
  readonly #list: SuppressionList

  constructor(options: { db: Db; audit: AuditLogger; list: SuppressionList }) {
    this.#db = options.db
    this.#audit = options.audit
    this.#list = options.list
  }

  /** How many there are of everything, for headers: a million costs no more than a hundred thousand. */
  async summarize(userId: string): Promise<ContactSummary> {
    const counts = await countUpTo(this.#db, userId, COUNTED_CONTACTS + 1)
    const upTo = (count: number) => ({ count: Math.min(count, COUNTED_CONTACTS), isMore: count > COUNTED_CONTACTS })
    return {
      contacts: upTo(counts.contacts),
      withoutWhatsapp: upTo(counts.withoutWhatsapp),
      suppressed: upTo(counts.suppressed),
      groups: upTo(counts.groups),
      tags: upTo(counts.tags),
    }
  }

  /** Throws VALIDATION_FAILED for a cursor that is not ours, UNKNOWN_GROUP. */
  async list(userId: string, options: { limit: number; cursor: string | null; filter: ContactFilter }): Promise<Page> {
    const { limit, cursor, filter } = options
    const afterId = cursor === null ? 0 : readCursor(cursor)
    const { groupId, tagId } = filter
    await requireLabels(this.#db, userId, {
      groupIds: groupId === null ? [] : [groupId],
      tagIds: tagId === null ? [] : [tagId],
    })
    const rows = await listContacts(this.#db, userId, { afterId, limit: limit + 1, filter })
    return onePage(rows, limit, {
      itemOf: toContact,
      cursorOf: ({ id }) => Buffer.from(String(id)).toString('base64url'),
    })
  }

  async get(userId: string, id: number): Promise<Contact> {
    return contactOf(this.#db, userId, id)
  }

  /**
   * Throws UNPROCESSABLE for what cannot be dialled, CONTACT_EXISTS with the id of who is there, UNKNOWN_GROUP, and
   * PERSON_ERASED for somebody who would have to agree anew.
   */
  async create(actor: Actor, body: CreateContactBody, remember: Remember = forget): Promise<Contact> {
    const userId = actor.ownerId
    const { groupIds = [], tagIds = [], name = '', variables = {} } = body
    const phone = canonicalOf(body.phone, await countryFor(this.#db, actor.userId, body.defaultCountry))
    return transaction(this.#db, async (trx) => {
      await lockToStorePeople(trx, userId)
      if ((await this.#list.findErased(trx, userId, [phone])).size > 0) throw new AppError('PERSON_ERASED')
      await requireLabels(trx, userId, { groupIds, tagIds })
      const id = await insertContact(trx, userId, { phone, name, variables })
      if (id === undefined) throw await existing(trx, userId, phone)
      // In one order, so that two of these never wait for each other.
      for (const labelId of [...new Set([...groupIds, ...tagIds])].toSorted()) {
        await addToLabel(trx, userId, labelId, { contactIds: [id] })
      }
      await this.#log(trx, actor, 'contact-create', id, { groupIds, tagIds })
      const created = await contactOf(trx, userId, id)
      await remember(trx, created)
      return created
    })
  }

  /** Recipients of campaigns keep what was copied for them. */
  async edit(actor: Actor, id: number, changes: EditContactBody): Promise<Contact> {
    return transaction(this.#db, async (trx) => {
      const { name, variables } = changes
      const row = await updateContact(trx, actor.ownerId, id, {
        ...(name === undefined ? {} : { name }),
        ...(variables === undefined ? {} : { variables }),
      })
      if (row === undefined) throw new AppError('NOT_FOUND')
      // Which fields and not what they held: the trail outlives a person who is erased.
      await this.#log(trx, actor, 'contact-edit', id, { fields: Object.keys(changes) })
      return contactOf(trx, actor.ownerId, id)
    })
  }

  /** Takes somebody out of the contacts. That is not erasing: campaigns keep them, and an import can bring them back. */
  async remove(actor: Actor, id: number): Promise<void> {
    await retryOnConflict(() =>
      transaction(this.#db, async (trx) => {
        if (!(await deleteContact(trx, actor.ownerId, id))) throw new AppError('NOT_FOUND')
        await this.#log(trx, actor, 'contact-delete', id, {})
      }),
    )
  }

  async #log(
    trx: Parameters<AuditLogger['logEvent']>[0],
    actor: Actor,
    action: 'contact-create' | 'contact-edit' | 'contact-delete',
    id: number,
    details: Record<string, unknown>,
  ): Promise<void> {
    const event = { ...doneBy(actor), ownerId: actor.ownerId, action, target: String(id), details }
    await this.#audit.logEvent(trx, event)
  }
}

async function contactOf(db: Db | Trx, userId: string, id: number): Promise<Contact> {
  const row = await findLabelledContact(db, userId, id)
  if (row === undefined) throw new AppError('NOT_FOUND')
  return toContact(row)
}

async function existing(trx: Trx, userId: string, phone: string): Promise<AppError> {
  const row = await findContactByPhone(trx, userId, phone)
  return new AppError('CONTACT_EXISTS', { details: [{ field: 'phone', contactId: row?.id ?? null }] })
}

function readCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString()
  if (!/^[1-9]\d{0,14}$/.test(text)) throw badCursor()
  return Number(text)
}
