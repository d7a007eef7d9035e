import { setTimeout as sleep } from 'node:timers/promises'
import { normalizePhoneInput } from '#contract/phone/normalizePhoneInput.ts'
import type { CheckObstacle } from '#contract/phones.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { retryOnConflict, transaction } from '#server/db/transaction.ts'
import { returnToBudget, takeFromBudget } from './checkBudget.ts'
import { ANSWER_LIFE_MS, type NumberAnswer, type PhoneCache } from './PhoneCache.ts'
import { findAnswers, saveAnswers, type NewAnswer, type StoredAnswer } from './phoneCheckQueries.ts'

/** What a channel's gateway says about numbers, in E.164; one that is missing was left out by WhatsApp. */
export type GatewayAnswer = { phone: string; isOnWhatsapp: boolean; jid: string | null }

/** The channels of an account, as far as they can be asked; handed in, because they know of us. */
export type NumberGateway = {
  /** Why this channel can never say, null when it can. Throws NOT_FOUND for one that is not the user's own. */
  findObstacle(userId: string, channelId: string): Promise<CheckObstacle | null>
  /** At most `BATCH_SIZE` numbers. */
  ask(
    userId: string,
    channelId: string,
    phones: string[],
  ): Promise<{ answers: GatewayAnswer[] } | { obstacle: CheckObstacle }>
}

export type NumberCheckerDeps = {
  db: Db
  cache: PhoneCache
  gateway: NumberGateway
  /** Numbers that one channel may ask about in any sixty minutes. */
  perHour: number
  /** Those of `phones` that must not be stored, because their people were erased. */
  findErased: (trx: Trx, userId: string, phones: string[]) => Promise<Set<string>>
  pauseMs?: number
}

/** What is known, by number, and why the rest is not. */
export type CheckedNumbers = {
  answers: Map<string, NumberAnswer>
  obstacle: CheckObstacle | null
  /** When the budget has room again; null where that is not what stands in the way. */
  retryAfterSeconds: number | null
}

/** WuzAPI makes one query of a call, however long, and WhatsApp answers long ones with a rate limit (contracts/wuzapi.md 5). */
export const BATCH_SIZE = 50
/** Between two batches: a person does not look up fifty people a second. */
const PAUSE_MS = 2000

/** Obstacles that came before WhatsApp heard of the question, so that it costs nothing. */
const UNHEARD: ReadonlySet<CheckObstacle> = new Set(['DISCONNECTED', 'CHANNEL_UNAUTHORIZED', 'UNSUPPORTED'])

/**
 * Whether numbers are on WhatsApp. Memory is asked first, then what any channel of the account was told within a day, and
 * only then the gateway, in batches and within the channel's budget of the hour.
 */
export class NumberChecker {
  readonly #deps: NumberCheckerDeps

  constructor(deps: NumberCheckerDeps) {
    this.#deps = deps
  }

  /** `phones`: E.164. Throws NOT_FOUND for a channel that is not the user's own; what a gateway says is an obstacle. */
  async check(userId: string, channelId: string, phones: readonly string[]): Promise<CheckedNumbers> {
    const never = await this.#deps.gateway.findObstacle(userId, channelId)
    const answers = await this.findKnown(userId, phones)
    const open = [...new Set(phones)].filter((phone) => !answers.has(phone))
    if (open.length === 0) return { answers, obstacle: null, retryAfterSeconds: null }
    if (never !== null) return { answers, obstacle: never, retryAfterSeconds: null }
    const { pauseMs = PAUSE_MS } = this.#deps
    for (let at = 0; at < open.length; at += BATCH_SIZE) {
      if (at > 0) await sleep(pauseMs)
      const stopped = await this.#askBatch({ userId, channelId }, open.slice(at, at + BATCH_SIZE), answers)
      if (stopped !== null) return { answers, ...stopped }
    }
    const isComplete = open.every((phone) => answers.has(phone))
    return { answers, obstacle: isComplete ? null : 'NO_ANSWER', retryAfterSeconds: null }
  }

  /** What is known without asking anybody. */
  async findKnown(userId: string, phones: readonly string[]): Promise<Map<string, NumberAnswer>> {
    const { db, cache } = this.#deps
    const known = new Map<string, NumberAnswer>()
    const rest: string[] = []
    for (const phone of phones) {
      const answer = cache.get(userId, phone)
      if (answer === undefined) rest.push(phone)
      else known.set(phone, answer)
    }
    if (rest.length > 0) this.#take(userId, await findAnswers(db, userId, rest, ANSWER_LIFE_MS), known)
    return known
  }

  /** Null when all of them were asked for. */
  async #askBatch(
    channel: { userId: string; channelId: string },
    phones: string[],
    answers: Map<string, NumberAnswer>,
  ): Promise<Omit<CheckedNumbers, 'answers'> | null> {
    const { db, gateway, perHour } = this.#deps
    const { granted, retryAfterSeconds } = await takeFromBudget(db, channel, phones.length, perHour)
    if (granted > 0) {
      const asked = phones.slice(0, granted)
      const answer = await gateway.ask(channel.userId, channel.channelId, asked)
      if ('obstacle' in answer) {
        await this.#account(channel, answer.obstacle, granted)
        return { obstacle: answer.obstacle, retryAfterSeconds: null }
      }
      this.#take(channel.userId, await this.#store(channel, asked, answer.answers), answers)
    }
    return granted < phones.length ? { obstacle: 'BUDGET_USED', retryAfterSeconds: retryAfterSeconds || null } : null
  }

  /** A question that nobody heard is free; after WhatsApp has complained, nothing more is asked within the hour. */
  async #account(
    channel: { userId: string; channelId: string },
    obstacle: CheckObstacle,
    granted: number,
  ): Promise<void> {
    const { db, perHour } = this.#deps
    if (UNHEARD.has(obstacle)) await returnToBudget(db, channel, granted)
    else if (obstacle === 'RATE_LIMIT') await takeFromBudget(db, channel, perHour, perHour)
  }

  async #store(
    { userId, channelId }: { userId: string; channelId: string },
    asked: string[],
    given: GatewayAnswer[],
  ): Promise<StoredAnswer[]> {
    const wanted = given.filter(({ phone }) => asked.includes(phone))
    if (wanted.length === 0) return []
    return retryOnConflict(() =>
      transaction(this.#deps.db, async (trx) => {
        const erased = await this.#deps.findErased(trx, userId, asked)
        const kept = wanted.filter(({ phone }) => !erased.has(phone)).map(toNewAnswer)
        const stored = await saveAnswers(trx, userId, channelId, kept)
        const passing = wanted.filter(({ phone }) => erased.has(phone))
        return [...stored, ...passing.map((answer) => ({ ...answer, checkedAt: new Date(), ageMs: ANSWER_LIFE_MS }))]
      }),
    )
  }

  /** An answer at the end of its life is told and not kept. */
  #take(userId: string, stored: StoredAnswer[], into: Map<string, NumberAnswer>): void {
    for (const { phone, isOnWhatsapp, jid, checkedAt, ageMs } of stored) {
      const answer = { isOnWhatsapp, jid, checkedAt }
      this.#deps.cache.set(userId, phone, answer, ageMs)
      into.set(phone, answer)
    }
  }
}

function toNewAnswer({ phone, isOnWhatsapp, jid }: GatewayAnswer): NewAnswer {
  const known = isOnWhatsapp ? jid : null
  return { phone, isOnWhatsapp, jid: known, sendTo: known === null ? null : addressOf(phone, known) }
}

/**
 * The JID where it is another spelling of the same number, as of Brazilians without the ninth digit; null where the number
 * itself will do. A JID of somebody else's number, a LID or one of a device is never sent to.
 */
export function addressOf(phone: string, jid: string): string | null {
  const digits = /^(\d{5,20})@s\.whatsapp\.net$/.exec(jid)?.[1]
  if (digits === undefined || `+${digits}` === phone) return null
  const same = normalizePhoneInput(`+${digits}`, 'BR')
  return same.ok && same.e164 === phone ? jid : null
}
