import type { CampaignMessage } from '#contract/campaignMessages.ts'
import { DEFAULT_TIME_ZONE, type RefusedRecipient } from '#contract/campaigns.ts'
import type { Preflight, PreflightCounts, PreflightLine, PreflightPerson } from '#contract/preflight.ts'
import { NO_COUNTS } from '#contract/states.ts'
import type { Preview } from '#contract/templates.ts'
import type { CampaignCreator, JudgedCampaign, ParsedBody } from '#server/campaigns/CampaignCreator.ts'
import { findChannelLimits } from '#server/channels/channelCap.ts'
import type { Sender } from '#server/channels/tokenValidator.ts'
import type { Db } from '#server/db/Database.ts'
import { estimateSecondsRemaining } from '#server/dispatch/getEnhancedProgress.ts'
import { badCursor } from '#server/lib/listCursor.ts'
import {
  countListed,
  findListed,
  isInLine,
  judgeTyped,
  type Audience,
  type JudgedPerson,
  type TypedPerson,
  type WantedPeople,
} from '#server/recipients/judgeAudience.ts'
import { findHeaders } from '#server/recipients/lackingVariables.ts'
import { findAccountCap } from '#server/recipients/sendHistory.ts'
import { neededVariables } from '#server/templates/neededVariables.ts'
import { previewMessages } from '#server/templates/previewMessages.ts'

type Body = ParsedBody & { channelId: string }
type Page = { items: PreflightPerson[]; nextCursor: string | null }

const SAMPLES = 5
/** Cursors: `t7` goes on after the seventh of those typed, `c7` after contact 7. */
const CURSOR = /^([tc])(\d{1,15})$/

/** What a campaign would do, without making it. Nothing is sent, stored or asked of a gateway. */
export class Preflighter {
  readonly #db: Db
  readonly #creator: CampaignCreator

  constructor(options: { db: Db; creator: CampaignCreator }) {
    this.#db = options.db
    this.#creator = options.creator
  }

  /** Throws what creating would throw, but for the channel's state. */
  async look(actor: Sender, body: Body): Promise<Preflight> {
    const judged = await this.#creator.judge(actor, body)
    const audience = await this.#audienceOf(actor.ownerId, body, judged)
    const typed = await judgeTyped(this.#db, audience)
    const listed = await countListed(this.#db, audience)
    const inLine = (line: WantedPeople) => typed.filter((person) => isInLine(person, line)).length
    const chosen = judged.typed.length + listed.listed
    const invalid = judged.refused.length
    const leftOut = {
      suppressed: inLine('suppressed') + listed.suppressed,
      excluded: inLine('excluded') + listed.excluded,
      recentlyWritten: inLine('recentlyWritten') + listed.recentlyWritten,
    }
    const people = typed.length + listed.people
    const valid = people - leftOut.suppressed - leftOut.excluded - leftOut.recentlyWritten
    const lackingVariables = inLine('lackingVariables') + listed.lackingVariables
    const duplicate = chosen - invalid - people
    const notOnWhatsapp = inLine('notOnWhatsapp') + listed.notOnWhatsapp
    const lines: PreflightCounts = { chosen, valid, duplicate, invalid, ...leftOut, notOnWhatsapp, lackingVariables }
    return {
      lines,
      refused: judged.refused,
      samples: await this.#samples(audience, typed, body.messages, judged.plan.time_zone ?? DEFAULT_TIME_ZONE),
      ...(await this.#estimate(actor.ownerId, body, judged, valid)),
    }
  }

  /** The people behind a line: the typed ones in their order, then the others by their ids. */
  async people(
    actor: Sender,
    body: Body,
    options: { line: PreflightLine; limit: number; cursor: string | null },
  ): Promise<Page> {
    const { line, limit, cursor } = options
    const [, from = 't', place = '0'] = cursor === null ? [] : (CURSOR.exec(cursor) ?? refuseCursor())
    const judged = await this.#creator.judge(actor, body)
    if (line === 'invalid') return pageOfRefused(judged.refused, limit, Number(place))
    const audience = await this.#audienceOf(actor.ownerId, body, judged)
    const typed = from === 'c' ? [] : (await judgeTyped(this.#db, audience)).filter((person) => isInLine(person, line))
    const found = typed.filter(({ key }) => key > Number(place)).slice(0, limit + 1)
    const after = from === 'c' ? Number(place) : 0
    if (found.length <= limit) {
      found.push(...(await findListed(this.#db, audience, line, { after, limit: limit + 1 - found.length })))
    }
    const last = found.length > limit ? found[limit - 1] : undefined
    return { items: found.slice(0, limit).map(toPerson), nextCursor: last === undefined ? null : cursorOf(last) }
  }

  async #audienceOf(userId: string, body: Body, judged: JudgedCampaign): Promise<Audience> {
    const { importIds = [], groupIds = [], tagIds = [], excludeCampaignIds = [] } = body.recipients
    const typed = onePerPhone(judged.typed)
    const headers = typed.flatMap(({ variables }) => Object.keys(variables))
    const caps = [body.frequencyCap ?? null, await findAccountCap(this.#db, userId)].filter((cap) => cap !== null)
    return {
      userId,
      typed,
      importIds,
      labelIds: [...groupIds, ...tagIds],
      leaveOut: { excludeCampaignIds, caps },
      needed: await findHeaders(this.#db, userId, neededVariables(body.messages), { headers }),
    }
  }

  async #samples(
    audience: Audience,
    typed: JudgedPerson[],
    messages: CampaignMessage[],
    timeZone: string,
  ): Promise<Preflight['samples']> {
    const people = typed.filter((person) => isInLine(person, 'valid')).slice(0, SAMPLES)
    const missing = SAMPLES - people.length
    if (missing > 0) people.push(...(await findListed(this.#db, audience, 'valid', { after: 0, limit: missing })))
    const { items } = await previewMessages(messages, people, { at: new Date(), timeZone })
    return people.map(({ phone, name }, index) => ({ phone, name, texts: (items[index]?.messages ?? []).map(textOf) }))
  }

  async #estimate(
    userId: string,
    body: Body,
    { channel, plan }: JudgedCampaign,
    valid: number,
  ): Promise<Pick<Preflight, 'estimatedSeconds' | 'finishesAt'>> {
    const now = new Date()
    const scheduled = plan.scheduled_at instanceof Date ? plan.scheduled_at : now
    const start = scheduled > now ? scheduled : now
    const limits = await findChannelLimits(this.#db, userId, channel.id)
    const isLater = limits !== undefined && start.getTime() - now.getTime() > limits.dayTurnsInMs
    const campaign = {
      status: 'draft' as const,
      delay_min_ms: plan.delay_min_ms,
      delay_max_ms: plan.delay_max_ms,
      messages: body.messages,
      sending_window: body.sendingWindow ?? null,
      time_zone: plan.time_zone ?? DEFAULT_TIME_ZONE,
    }
    const counts = { ...NO_COUNTS, pending: valid }
    // By another day what is used of today's cap, and a back-off, are over.
    const then = isLater ? { ...limits, capUsed: 0, backOffInMs: 0 } : limits
    const seconds = estimateSecondsRemaining(campaign, counts, 0, start, then)
    const finishesAt = seconds === null ? null : new Date(start.getTime() + seconds * 1000).toISOString()
    return { estimatedSeconds: seconds, finishesAt }
  }
}

/** The first spelling of a number decides its name and variables, as when the campaign is made. */
function onePerPhone(typed: JudgedCampaign['typed']): TypedPerson[] {
  const people = new Map<string, TypedPerson>()
  for (const [index, entry] of typed.entries()) {
    if (!('phone' in entry)) continue
    const known = people.get(entry.phone)
    if (known === undefined) people.set(entry.phone, { position: index + 1, ...entry, times: 1 })
    else known.times += 1
  }
  return [...people.values()]
}

/** All that a message says; what cannot be made for a person is said in its place. */
function textOf({ texts }: Preview['items'][number]['messages'][number]): string {
  const parts = texts.filter(({ field }) => field !== 'textFallback')
  return parts.map(({ text, problem }) => text ?? `[${problem}]`).join('\n')
}

function pageOfRefused(refused: RefusedRecipient[], limit: number, after: number): Page {
  const rest = refused.filter(({ index }) => index + 1 > after)
  const items = rest.slice(0, limit).map(({ input, reason }) => ({
    phone: input,
    name: null,
    contactId: null,
    times: 1,
    reason,
    lacking: [],
  }))
  const last = rest.length > limit ? rest[limit - 1] : undefined
  return { items, nextCursor: last === undefined ? null : `t${last.index + 1}` }
}

function toPerson({ phone, name, contactId, times, leftOut, lacking }: JudgedPerson): PreflightPerson {
  return { phone, name, contactId, times, reason: leftOut, lacking }
}

function cursorOf({ key, contactId }: JudgedPerson): string {
  return contactId === null ? `t${key}` : `c${key}`
}

function refuseCursor(): never {
  throw badCursor()
}
