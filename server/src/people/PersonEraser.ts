import { setTimeout as sleep } from 'node:timers/promises'
import type { ErasedPerson } from '#contract/contacts.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { forgetInDrafts } from '#server/campaigns/CampaignDrafts.ts'
import { eraseSingleTexts } from '#server/campaigns/singleMessages.ts'
import { eraseContact } from '#server/contacts/eraseContact.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { retryOnConflict, transaction } from '#server/db/transaction.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { Bell } from '#server/lib/Bell.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { deleteAnswer } from '#server/phone/phoneCheckQueries.ts'
import { writtenDigits } from '#server/phone/writtenDigits.ts'
import { forgetInWebhooks } from '#server/receipts/forgetInWebhooks.ts'
import { areUnderWay, eraseRecipients, findPlacesOf } from '#server/recipients/eraseRecipients.ts'
import { lockToErasePerson } from '#server/suppressions/personLock.ts'
import type { SuppressionList } from '#server/suppressions/SuppressionList.ts'
import { insertSuppressions, keepHashAlone } from '#server/suppressions/suppressionQueries.ts'

export type PersonEraserDeps = {
  db: Db
  audit: AuditLogger
  list: SuppressionList
  bell: Bell
  /** How long a request that is under way may keep the erasure waiting, in ms. */
  patienceMs?: number
}

/** A lane lets go of whoever is claimed and not under way within a poll. */
const PATIENCE_MS = 5000
const LOOK_EVERY_MS = 100
const TRY_AGAIN_SECONDS = 60

/**
 * Erases a person from an account, and keeps them suppressed by a keyed hash. First they are suppressed, so that nothing
 * new starts; then, in one transaction and only while no request to them is under way, everything goes at once. A
 * process that dies in between leaves them suppressed, and the erasure can be asked for again.
 */
export class PersonEraser {
  readonly #deps: PersonEraserDeps

  constructor(deps: PersonEraserDeps) {
    this.#deps = deps
  }

  /** `phone`: E.164. Throws PERSON_BUSY, with the person suppressed, while a request to them is under way. */
  async erase(actor: Actor, phone: string): Promise<ErasedPerson> {
    const { patienceMs = PATIENCE_MS } = this.#deps
    const suppressionId = await this.#suppress(actor, phone)
    const deadline = performance.now() + patienceMs
    for (;;) {
      const erased = await retryOnConflict(() => this.#eraseNow(actor, phone, suppressionId))
      if (erased !== null) return erased
      if (performance.now() > deadline) {
        throw new AppError('PERSON_BUSY', { details: { retryAfterSeconds: TRY_AGAIN_SECONDS } })
      }
      await sleep(LOOK_EVERY_MS)
    }
  }

  async #suppress(actor: Actor, phone: string): Promise<string> {
    const { db, audit, list, bell } = this.#deps
    const userId = actor.ownerId
    const people = [{ phone, hash: list.hashOf(userId, phone) }]
    const id = await retryOnConflict(() =>
      transaction(db, async (trx) => {
        const added = await insertSuppressions(trx, userId, people, { reason: 'manual', source: 'erasure', note: null })
        const row = await list.find(trx, userId, phone)
        if (row === undefined) throw new AppError('CONFLICT')
        const event = { ...doneBy(actor), ownerId: userId, target: row.id }
        if (added > 0)
          await audit.logEvent(trx, { ...event, action: 'suppression-add', details: { added, reason: 'manual' } })
        return row.id
      }),
    )
    bell.ring()
    return id
  }

  /** Null while a request is under way; then nothing was changed. */
  async #eraseNow(actor: Actor, phone: string, id: string): Promise<ErasedPerson | null> {
    const { db, audit, list } = this.#deps
    const userId = actor.ownerId
    return retryOnConflict(() =>
      transaction(db, async (trx) => {
        await lockToErasePerson(trx, userId)
        const places = await findPlacesOf(trx, userId, phone)
        if (await areUnderWay(trx, userId, places)) return null
        const counts = await eraseEverywhere(trx, userId, phone, places)
        const suppressionId = await keepHashAlone(trx, userId, { id, hash: list.hashOf(userId, phone) })
        await audit.logEvent(trx, {
          ...doneBy(actor),
          ownerId: userId,
          action: 'contact-erase',
          target: suppressionId,
          details: counts,
        })
        return { suppressionId, ...counts }
      }),
    )
  }
}

async function eraseEverywhere(
  trx: Trx,
  userId: string,
  phone: string,
  places: Awaited<ReturnType<typeof findPlacesOf>>,
): Promise<Omit<ErasedPerson, 'suppressionId'>> {
  const spellings = writtenDigits(phone)
  const { gatewayIds, closed } = await eraseRecipients(trx, userId, { phone, spellings }, places)
  if (places.length > 0)
    await eraseSingleTexts(
      trx,
      userId,
      places.map(({ campaignId }) => campaignId),
    )
  const { contacts, importRows } = await eraseContact(trx, userId, phone, spellings)
  await deleteAnswer(trx, userId, phone)
  await forgetInDrafts(trx, userId, spellings)
  await forgetInWebhooks(trx, userId, [...spellings, ...gatewayIds])
  return { contacts, recipients: places.length, closed, importRows }
}
