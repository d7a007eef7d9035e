import { setImmediate as nextTurn } from 'node:timers/promises'
import type { z } from 'zod'
import type { AddedSuppressions, addSuppressionsBody, releaseBody, Suppression } from '#contract/suppressions.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db } from '#server/db/Database.ts'
import { retryOnConflict, transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { Bell } from '#server/lib/Bell.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { cursorOfRow, onePage, readCursor } from '#server/lib/listCursor.ts'
import { normalizePhoneInput } from '#server/phone/PhoneValidationService.ts'
import type { SuppressionList } from './SuppressionList.ts'
import type { SuppressionRow } from './suppressionTables.ts'
import {
  deleteSuppression,
  insertSuppressions,
  listSuppressions,
  lockSuppression,
  type NewSuppression,
} from './suppressionQueries.ts'

export type SuppressionServiceDeps = {
  db: Db
  audit: AuditLogger
  list: SuppressionList
  /** Rung after every addition, so that who is about to send looks again at once. */
  bell: Bell
}

const DEFAULT_COUNTRY = 'BR'
/** Lines read in one go: some 10 ms, so that other requests are answered in between. */
const PIECE = 500

type Lines = { people: NewSuppression[]; repeated: number; refused: AddedSuppressions['refused'] }
type Page = { items: Suppression[]; nextCursor: string | null }

/** The list of whom an account does not write to, as people keep it. */
export class SuppressionService {
  readonly #deps: SuppressionServiceDeps

  constructor(deps: SuppressionServiceDeps) {
    this.#deps = deps
  }

  /** When it returns, no request to these people starts that does not start within the next 250 ms. */
  async add(actor: Actor, body: z.output<typeof addSuppressionsBody>): Promise<AddedSuppressions> {
    const { db, audit, bell } = this.#deps
    const { people, repeated, refused } = await this.#read(actor.ownerId, body)
    const why = { reason: body.reason, source: 'api' as const, note: body.note ?? null }
    const added = await retryOnConflict(() =>
      transaction(db, async (trx) => {
        const count = await insertSuppressions(trx, actor.ownerId, people, why)
        const details = { added: count, reason: body.reason }
        if (count > 0) {
          await audit.logEvent(trx, {
            ...doneBy(actor),
            ownerId: actor.ownerId,
            action: 'suppression-add',
            details,
          })
        }
        return count
      }),
    )
    if (added > 0) bell.ring()
    return { added, known: repeated + people.length - added, refused }
  }

  /** Newest first. Throws VALIDATION_FAILED for a cursor that is not ours. */
  async list(userId: string, limit: number, cursor: string | null): Promise<Page> {
    const before = cursor === null ? null : readCursor(cursor)
    const rows = await listSuppressions(this.#deps.db, userId, { limit: limit + 1, before })
    return onePage(rows, limit, { itemOf: toSuppression, cursorOf: cursorOfRow })
  }

  /** Takes somebody off the list. Throws PERSON_ERASED where that needs the person's word: see `release`. */
  async remove(actor: Actor, id: string): Promise<void> {
    const { db, audit } = this.#deps
    await transaction(db, async (trx) => {
      const row = await lockSuppression(trx, actor.ownerId, id)
      if (row === undefined) throw new AppError('NOT_FOUND')
      if (row.phone === null) throw new AppError('PERSON_ERASED')
      await deleteSuppression(trx, actor.ownerId, id)
      await audit.logEvent(trx, {
        ...doneBy(actor),
        ownerId: actor.ownerId,
        action: 'suppression-remove',
        target: id,
        details: { reason: row.reason },
      })
    })
  }

  /**
   * A person who was erased has agreed anew. Nobody here knows the number, so it must come from them; how and when they
   * agreed is kept in the trail, without the number.
   */
  async release(actor: Actor, body: z.output<typeof releaseBody>): Promise<{ id: string }> {
    const { db, audit, list } = this.#deps
    const phone = canonicalOf(body.phone, body.defaultCountry ?? DEFAULT_COUNTRY)
    return transaction(db, async (trx) => {
      const row = await list.find(trx, actor.ownerId, phone)
      if (row === undefined || row.phone !== null) throw new AppError('NOT_FOUND')
      await deleteSuppression(trx, actor.ownerId, row.id)
      await audit.logEvent(trx, {
        ...doneBy(actor),
        ownerId: actor.ownerId,
        action: 'suppression-release',
        target: row.id,
        details: { how: withoutNumbers(body.optIn.how), at: body.optIn.at },
      })
      return { id: row.id }
    })
  }

  async #read(userId: string, body: z.output<typeof addSuppressionsBody>): Promise<Lines> {
    const { list } = this.#deps
    const lines: Lines = { people: [], repeated: 0, refused: [] }
    const seen = new Set<string>()
    for (const [index, input] of body.phones.entries()) {
      if (index % PIECE === PIECE - 1) await nextTurn()
      const phone = normalizePhoneInput(input, body.defaultCountry ?? DEFAULT_COUNTRY)
      if (!phone.ok) lines.refused.push({ line: index + 1, input, reason: phone.reason })
      else if (seen.has(phone.e164)) lines.repeated += 1
      else {
        seen.add(phone.e164)
        lines.people.push({ phone: phone.e164, hash: list.hashOf(userId, phone.e164) })
      }
    }
    return lines
  }
}

/** Throws UNPROCESSABLE for what cannot be dialled. */
export function canonicalOf(text: string, country: string): string {
  const phone = normalizePhoneInput(text, country)
  if (phone.ok) return phone.e164
  const message = 'This is not a number that can be dialled.'
  throw new AppError('UNPROCESSABLE', { details: [{ field: 'phone', reason: phone.reason, message }] })
}

/** What people write about an agreement may hold the number that is to be forgotten. */
function withoutNumbers(text: string): string {
  return text.replace(/\d(?:[\s().+-]*\d){6,}/g, '…')
}

/** As the API shows it. */
export function toSuppression(row: SuppressionRow): Suppression {
  const { id, phone, reason, source, note } = row
  return { id, phone, reason, source, note, createdAt: row.created_at.toISOString() }
}
