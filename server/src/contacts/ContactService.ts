import type { Contact, EditContactBody } from '#contract/contacts.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { badCursor, onePage } from '#server/lib/listCursor.ts'
import { normalizePhoneInput } from '#server/phone/PhoneValidationService.ts'
import { toContact } from './contactAnswers.ts'
import { deleteContact, findContact, listContacts, updateContact, type ContactSearch } from './contactQueries.ts'

const DEFAULT_COUNTRY = 'BR'

type Page = { items: Contact[]; nextCursor: string | null }

/** The people of an account, as files and people brought them. */
export class ContactService {
  readonly #db: Db
  readonly #audit: AuditLogger

  constructor(options: { db: Db; audit: AuditLogger }) {
    this.#db = options.db
    this.#audit = options.audit
  }

  /** Throws VALIDATION_FAILED for a cursor that is not ours. */
  async list(userId: string, options: { limit: number; cursor: string | null; search: string | null }): Promise<Page> {
    const { limit, cursor, search } = options
    const rows = await listContacts(this.#db, userId, {
      afterId: cursor === null ? 0 : readCursor(cursor),
      limit: limit + 1,
      search: search === null ? null : searchOf(search),
    })
    return onePage(rows, limit, {
      itemOf: toContact,
      cursorOf: ({ id }) => Buffer.from(String(id)).toString('base64url'),
    })
  }

  async get(userId: string, id: number): Promise<Contact> {
    const row = await findContact(this.#db, userId, id)
    if (row === undefined) throw new AppError('NOT_FOUND')
    return toContact(row)
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
      return toContact(row)
    })
  }

  /** Takes somebody out of the contacts. That is not erasing: campaigns keep them, and an import can bring them back. */
  async remove(actor: Actor, id: number): Promise<void> {
    await transaction(this.#db, async (trx) => {
      if (!(await deleteContact(trx, actor.ownerId, id))) throw new AppError('NOT_FOUND')
      await this.#log(trx, actor, 'contact-delete', id, {})
    })
  }

  async #log(
    trx: Parameters<AuditLogger['logEvent']>[0],
    actor: Actor,
    action: 'contact-edit' | 'contact-delete',
    id: number,
    details: Record<string, unknown>,
  ): Promise<void> {
    const event = { ...doneBy(actor), ownerId: actor.ownerId, action, target: String(id), details }
    await this.#audit.logEvent(trx, event)
  }
}

/** A whole number in any spelling, the beginning of one, or the beginning of a name. */
function searchOf(text: string): ContactSearch {
  if (!/^[\d\s().+-]+$/.test(text)) return { nameStart: text }
  const phone = normalizePhoneInput(text, DEFAULT_COUNTRY)
  return phone.ok ? { phone: phone.e164 } : { phoneStart: `+${text.replace(/\D/g, '')}` }
}

function readCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString()
  if (!/^[1-9]\d{0,14}$/.test(text)) throw badCursor()
  return Number(text)
}
