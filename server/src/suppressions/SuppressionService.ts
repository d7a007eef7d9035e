import { setImmediate as nextTurn } from 'node:timers/promises'
import type { z } from 'zod'
import {
  MAX_SUPPRESSED_IN_A_FILE,
  MAX_TOLD_REFUSALS,
  type AddedSuppressions,
  type addSuppressionsBody,
  type ImportedSuppressions,
  type releaseBody,
  type Suppression,
  type SuppressionReason,
} from '#contract/suppressions.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { countryFor } from '#server/auth/userSettings.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { retryOnConflict, transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { Bell } from '#server/lib/Bell.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { cursorOfRow, onePage, readCursor } from '#server/lib/listCursor.ts'
import { normalizePhoneInput } from '#server/phone/PhoneValidationService.ts'
import { readList, type ListedLine } from './readList.ts'
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

/** Lines read in one go: some 10 ms, so that other requests are answered in between. */
const PIECE = 500

/** People stored in one statement: some 200 ms. */
const STORED_AT_ONCE = 10_000

type Reason = Exclude<SuppressionReason, 'erased'>
type Why = { reason: Reason; note?: string | undefined; defaultCountry?: string | undefined }
type Lines = { byReason: Map<Reason, NewSuppression[]>; repeated: number; refused: AddedSuppressions['refused'] }
type Page = { items: Suppression[]; nextCursor: string | null }

/** The list of whom an account does not write to, as people keep it. */
export class SuppressionService {
  readonly #deps: SuppressionServiceDeps

  constructor(deps: SuppressionServiceDeps) {
    this.#deps = deps
  }

  /** When it returns, no request to these people starts that does not start within the next 250 ms. */
  async add(actor: Actor, body: z.output<typeof addSuppressionsBody>): Promise<AddedSuppressions> {
    const lines = body.phones.map((input, index) => ({ line: index + 1, input, reason: null }))
    return this.#addLines(actor, lines, body)
  }

  /**
   * The same for a file; a line that names a reason has its own. All of it or, should it fail, nothing. Throws
   * UNPROCESSABLE for an empty file and for one that is too long.
   */
  async addList(actor: Actor, bytes: Uint8Array, why: Why): Promise<ImportedSuppressions> {
    const lines = hasTooManyLines(bytes) ? [] : readList(bytes)
    if (lines.length === 0 || lines.length > MAX_SUPPRESSED_IN_A_FILE) {
      const message = `A file has 1 to ${MAX_SUPPRESSED_IN_A_FILE} lines.`
      throw new AppError('UNPROCESSABLE', { details: [{ field: 'file', message }] })
    }
    const { refused, ...counts } = await this.#addLines(actor, lines, why)
    return { ...counts, refused: refused.slice(0, MAX_TOLD_REFUSALS), refusedCount: refused.length }
  }

  async #addLines(actor: Actor, given: ListedLine[], why: Why): Promise<AddedSuppressions> {
    const { db, audit, bell } = this.#deps
    const { byReason, repeated, refused } = await this.#read(actor, given, why)
    const people = [...byReason.values()].reduce((sum, each) => sum + each.length, 0)
    const added = await retryOnConflict(() =>
      transaction(db, async (trx) => {
        const count = await store(trx, actor.ownerId, byReason, why.note ?? null)
        const details = { added: count, reason: [...byReason.keys()].join(', ') }
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
    return { added, known: repeated + people - added, refused }
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
    const phone = canonicalOf(body.phone, await countryFor(db, actor.userId, body.defaultCountry))
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

  async #read({ ownerId: userId, userId: typist }: Actor, given: ListedLine[], why: Why): Promise<Lines> {
    const { db, list } = this.#deps
    const country = await countryFor(db, typist, why.defaultCountry)
    const lines: Lines = { byReason: new Map(), repeated: 0, refused: [] }
    const seen = new Set<string>()
    for (const [index, { line, input, reason }] of given.entries()) {
      if (index % PIECE === PIECE - 1) await nextTurn()
      const phone = normalizePhoneInput(input, country)
      if (!phone.ok) lines.refused.push({ line, input, reason: phone.reason })
      else if (seen.has(phone.e164)) lines.repeated += 1
      else {
        seen.add(phone.e164)
        const people = lines.byReason.get(reason ?? why.reason) ?? []
        people.push({ phone: phone.e164, hash: list.hashOf(userId, phone.e164) })
        lines.byReason.set(reason ?? why.reason, people)
      }
    }
    return lines
  }
}

/** Counted before they are made: millions of empty lines would fill the memory. */
function hasTooManyLines(bytes: Uint8Array): boolean {
  let lines = 0
  for (const byte of bytes) if (byte === 10 || byte === 13) lines += 1
  return lines > 4 * MAX_SUPPRESSED_IN_A_FILE
}

async function store(trx: Trx, userId: string, byReason: Lines['byReason'], note: string | null): Promise<number> {
  let added = 0
  for (const [reason, people] of byReason) {
    for (let at = 0; at < people.length; at += STORED_AT_ONCE) {
      const piece = people.slice(at, at + STORED_AT_ONCE)
      added += await insertSuppressions(trx, userId, piece, { reason, source: 'api', note })
    }
  }
  return added
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
