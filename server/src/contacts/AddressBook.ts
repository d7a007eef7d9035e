import { sql } from 'kysely'
import type { AddressBookEntry, ContactsFromChannel } from '#contract/contactLists.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { findChannel } from '#server/channels/channelQueries.ts'
import type { GatewayRegistry } from '#server/channels/GatewayRegistry.ts'
import type { BookEntry } from '#server/channels/gateways/Gateway.ts'
import { toChannelError } from '#server/channels/toChannelError.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { badCursor } from '#server/lib/listCursor.ts'
import { normalizePhoneInput } from '#server/phone/PhoneValidationService.ts'
import { lockToStorePeople } from '#server/suppressions/personLock.ts'
import type { SuppressionList } from '#server/suppressions/SuppressionList.ts'

export type AddressBookDeps = { db: Db; gateways: GatewayRegistry; audit: AuditLogger; list: SuppressionList }

type Page = { items: AddressBookEntry[]; nextCursor: string | null }

/** People stored in one transaction: some 100 ms. */
const PIECE = 2000
const MAX_NAME_LENGTH = 500

/** The address book of the phone behind a channel: shown, and taken over into the contacts. */
export class AddressBook {
  readonly #deps: AddressBookDeps

  constructor(deps: AddressBookDeps) {
    this.#deps = deps
  }

  /** In the order of the numbers, from after `cursor`. The gateway is asked each time. */
  async list(userId: string, channelId: string, limit: number, cursor: string | null): Promise<Page> {
    if (cursor !== null && !/^\+\d{5,20}$/.test(cursor)) throw badCursor()
    const { people } = await this.#read(userId, channelId, 'NOT_FOUND')
    const rest = people.filter(({ phone }) => cursor === null || phone > cursor)
    const items = rest.slice(0, limit)
    return { items, nextCursor: rest.length > limit ? (items.at(-1)?.phone ?? null) : null }
  }

  /**
   * Makes contacts of everybody in it. Who is a contact already keeps name and variables, and gets the name of the book
   * only where there was none; who is suppressed stays so, who was erased does not come back. What was stored stays when
   * it breaks off, and it can be asked for again.
   */
  async takeOver(actor: Actor, channelId: string): Promise<ContactsFromChannel> {
    const { db, audit } = this.#deps
    const { people, unreadable } = await this.#read(actor.ownerId, channelId, 'UNKNOWN_CHANNEL')
    const total = { created: 0, known: 0, refused: unreadable }
    for (let at = 0; at < people.length || at === 0; at += PIECE) {
      const piece = people.slice(at, at + PIECE)
      await transaction(db, async (trx) => {
        const stored = await this.#store(trx, actor.ownerId, piece)
        total.created += stored.created
        total.known += stored.known
        total.refused += stored.refused
        const isLast = at + PIECE >= people.length
        const event = { ...doneBy(actor), ownerId: actor.ownerId, target: channelId }
        if (isLast) await audit.logEvent(trx, { ...event, action: 'contacts-from-channel', details: { ...total } })
      })
    }
    return total
  }

  async #store(trx: Trx, userId: string, people: AddressBookEntry[]): Promise<ContactsFromChannel> {
    await lockToStorePeople(trx, userId)
    const erased = await this.#deps.list.findErased(
      trx,
      userId,
      people.map(({ phone }) => phone),
    )
    const kept = people.filter(({ phone }) => !erased.has(phone))
    // The same turns as imports take: two that carry the same people could deadlock.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`contacts ${userId}`}, 0))`.execute(trx)
    const { rows } = await sql<{ created: boolean }>`
      insert into contacts as c (user_id, phone, name)
      select ${userId}, phone, name from unnest(
        ${kept.map(({ phone }) => phone)}::text[], ${kept.map(({ name }) => name)}::text[]
      ) as i(phone, name)
      on conflict (user_id, phone) do update set name = excluded.name, updated_at = now()
      where c.name = '' and excluded.name <> ''
      returning xmax = 0 as created
    `.execute(trx)
    const created = rows.filter((row) => row.created).length
    return { created, known: kept.length - created, refused: erased.size }
  }

  async #read(userId: string, channelId: string, missing: 'NOT_FOUND' | 'UNKNOWN_CHANNEL') {
    const channel = await findChannel(this.#deps.db, userId, channelId)
    if (channel === undefined) throw new AppError(missing)
    const gateway = await this.#deps.gateways.get(channel)
    if (gateway.readContacts === undefined) {
      const message = `A channel on ${channel.gateway} has no address book.`
      throw new AppError('UNPROCESSABLE', { details: [{ field: 'channelId', message }] })
    }
    try {
      return canonical(await gateway.readContacts())
    } catch (error) {
      throw toChannelError(error, { needsConnection: true })
    }
  }
}

/** One entry a person, in the order of the numbers. */
function canonical(entries: BookEntry[]): { people: AddressBookEntry[]; unreadable: number } {
  const people = new Map<string, AddressBookEntry>()
  let unreadable = 0
  for (const { number, name } of entries) {
    const phone = normalizePhoneInput(`+${number}`, 'BR')
    if (!phone.ok) unreadable += 1
    else if ((people.get(phone.e164)?.name ?? '') === '')
      people.set(phone.e164, { phone: phone.e164, name: clean(name) })
  }
  return { people: [...people.values()].toSorted((a, b) => (a.phone < b.phone ? -1 : 1)), unreadable }
}

/** NUL and half surrogates cannot be stored. */
function clean(name: string): string {
  return [...name.toWellFormed().replaceAll('\0', '')].slice(0, MAX_NAME_LENGTH / 2).join('')
}
