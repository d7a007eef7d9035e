import type { CampaignMessage, CreateCampaignBody } from '#contract/campaigns.ts'
import type { CampaignPlan, PlanMessage } from './campaignPlan.ts'
import { parseTypedRecipients } from '#contract/parseTypedRecipients.ts'

/** The request that a plan without problems stands for. A time starts it by itself; `start` is for right away. */
export function toBody(plan: CampaignPlan, start: boolean): CreateCampaignBody {
  const isLater = plan.starts === 'later'
  return {
    name: plan.name.trim(),
    channelId: plan.channelId,
    messages: plan.messages.map(toMessage),
    recipients: toRecipients(plan),
    delayMin: plan.delayMin ?? 0,
    delayMax: plan.delayMax ?? 0,
    randomizeOrder: plan.randomizeOrder,
    unknownPolicy: plan.unknownPolicy,
    timeZone: plan.timeZone,
    autoResume: plan.autoResume,
    defaultCountry: plan.defaultCountry,
    start: start && !isLater,
    ...(isLater && start ? { scheduledAt: plan.startsAt } : {}),
    ...(plan.window.on ? { sendingWindow: windowOf(plan) } : {}),
    ...(plan.cap.on ? { frequencyCap: { count: plan.cap.count ?? 1, days: plan.cap.days ?? 1 } } : {}),
  }
}

export function toMessage(message: PlanMessage, index: number): CampaignMessage {
  const { type, content, mediaId, textFallback, fileName, delaySeconds, template } = message
  const delay = index === 0 ? {} : { delayBeforeMs: Math.round((delaySeconds ?? 0) * 1000) }
  if (type === 'text') return { type, content, ...delay }
  if (type === 'template') return { type, name: '', language: '', ...template, ...delay }
  const medium = { mediaId: mediaId ?? '', ...delay, ...(textFallback.trim() === '' ? {} : { textFallback }) }
  if (type === 'audio') return { type, ...medium }
  const caption = content.trim() === '' ? {} : { content }
  if (type === 'document') return { type, ...medium, ...caption, ...(fileName === null ? {} : { fileName }) }
  return { type, ...medium, ...caption }
}

function toRecipients(plan: CampaignPlan): CreateCampaignBody['recipients'] {
  const contacts = parseTypedRecipients(plan.typed).map(({ phone, name }) =>
    name === undefined ? { phone } : { phone, name },
  )
  const { importIds, groupIds, tagIds, excludeCampaignIds } = plan
  return {
    ...(contacts.length > 0 ? { contacts } : {}),
    ...(importIds.length > 0 ? { importIds } : {}),
    ...(groupIds.length > 0 ? { groupIds } : {}),
    ...(tagIds.length > 0 ? { tagIds } : {}),
    ...(excludeCampaignIds.length > 0 ? { excludeCampaignIds } : {}),
  }
}

function windowOf({ window: { startTime, endTime, days } }: CampaignPlan) {
  return { startTime, endTime, days: [...days].sort((a, b) => a - b) }
}

/**
 * The key under which the server knows this request: from the draft and from what is asked. The same draft sent twice,
 * after a lost answer, a reload or from two tabs, is one campaign; any change makes it another.
 */
export function requestKey(draftId: string, body: CreateCampaignBody): string {
  return `${draftId}.${digest(JSON.stringify(body))}`
}

/** 53 bits (cyrb53): no secret, it only tells two plans apart. `crypto.subtle` is missing over plain http. */
function digest(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    a = Math.imul(a ^ code, 2654435761)
    b = Math.imul(b ^ code, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36)
}
