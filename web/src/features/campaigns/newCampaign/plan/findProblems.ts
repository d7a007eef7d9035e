import {
  campaignMessage,
  createCampaignBody,
  MAX_DELAY_S,
  sendingWindow,
  type CampaignMessage,
} from '#contract/campaigns.ts'
import { MAX_CAPTION_LENGTH, MAX_TEXT_LENGTH } from '#contract/campaignMessages.ts'
import type { Channel } from '#contract/channels.ts'
import { frequencyCap } from '#contract/frequencyCap.ts'
import { leastDelayOf, MAX_TYPED, type CampaignPlan, type PlanMessage, type PlanStep } from './campaignPlan.ts'
import { toMessage } from './planBody.ts'
import { parseTypedRecipients } from '#contract/parseTypedRecipients.ts'

/** What is missing or wrong, in the words of `newCampaign.problems`. */
export type Problem = {
  step: PlanStep
  /** `name`, `messages.1.content`, … */
  field: string
  name: ProblemName
  /** The limit that the text names. */
  count?: number
}

export const PROBLEM_NAMES = [
  'nameMissing',
  'nameTooLong',
  'recipientsMissing',
  'typedTooMany',
  'capIncomplete',
  'textMissing',
  'textTooLong',
  'fileMissing',
  'templateMissing',
  'delayBeforeInvalid',
  'channelMissing',
  'delayTooShort',
  'delayTooLong',
  'maxBelowMin',
  'timeMissing',
  'windowInvalid',
  'windowDays',
] as const
export type ProblemName = (typeof PROBLEM_NAMES)[number]

/** All that keeps this plan from being sent, in the order of the page. What only the server knows is not among it. */
export function findProblems(plan: CampaignPlan, channels: readonly Channel[]): Problem[] {
  return [
    ...nameProblems(plan),
    ...recipientProblems(plan),
    ...plan.messages.flatMap((message, index) => messageProblems(message, index)),
    ...paceProblems(plan, channels),
    ...timeProblems(plan),
  ]
}

function nameProblems({ name }: CampaignPlan): Problem[] {
  if (createCampaignBody.shape.name.safeParse(name).success) return []
  const isMissing = name.trim() === ''
  return [{ step: 'recipients', field: 'name', name: isMissing ? 'nameMissing' : 'nameTooLong', count: 120 }]
}

function recipientProblems(plan: CampaignPlan): Problem[] {
  const problems: Problem[] = []
  const typed = parseTypedRecipients(plan.typed).length
  const lists = plan.importIds.length + plan.groupIds.length + plan.tagIds.length
  const add = (field: string, name: ProblemName, count?: number) =>
    problems.push({ step: 'recipients', field, name, ...(count === undefined ? {} : { count }) })
  if (typed + lists === 0) add('typed', 'recipientsMissing')
  if (typed > MAX_TYPED) add('typed', 'typedTooMany', MAX_TYPED)
  if (plan.cap.on && !frequencyCap.safeParse({ count: plan.cap.count, days: plan.cap.days }).success)
    add('cap', 'capIncomplete')
  return problems
}

function messageProblems(message: PlanMessage, index: number): Problem[] {
  const of = (part: string, name: ProblemName, count?: number): Problem => ({
    step: 'message',
    field: `messages.${index}.${part}`,
    name,
    ...(count === undefined ? {} : { count }),
  })
  const { delaySeconds } = message
  const isDelayBad = index > 0 && (delaySeconds === null || delaySeconds < 0 || delaySeconds > 86_400)
  return [...contentProblems(message, of), ...(isDelayBad ? [of('delay', 'delayBeforeInvalid')] : [])]
}

type MakeProblem = (part: string, name: ProblemName, count?: number) => Problem

function contentProblems(message: PlanMessage, of: MakeProblem): Problem[] {
  if (message.type === 'template') return message.template === null ? [of('template', 'templateMissing')] : []
  const longest = message.type === 'text' ? MAX_TEXT_LENGTH : MAX_CAPTION_LENGTH
  if (message.type === 'text' && message.content.trim() === '') return [of('content', 'textMissing')]
  if (message.content.length > longest) return [of('content', 'textTooLong', longest)]
  if (message.type !== 'text' && message.mediaId === null) return [of('media', 'fileMissing')]
  if (message.textFallback.length > MAX_TEXT_LENGTH) return [of('fallback', 'textTooLong', MAX_TEXT_LENGTH)]
  return []
}

function paceProblems(plan: CampaignPlan, channels: readonly Channel[]): Problem[] {
  const { delayMin, delayMax } = plan
  const channel = channels.find(({ id }) => id === plan.channelId)
  const least = leastDelayOf(channel)
  const of = (field: string, name: ProblemName, count?: number): Problem => ({
    step: 'pace',
    field,
    name,
    ...(count === undefined ? {} : { count }),
  })
  const problems = channel === undefined ? [of('channelId', 'channelMissing')] : []
  if (delayMin === null || delayMin < least) problems.push(of('delayMin', 'delayTooShort', least))
  else if (delayMin > MAX_DELAY_S) problems.push(of('delayMin', 'delayTooLong', MAX_DELAY_S))
  if (delayMax === null || delayMax < (delayMin ?? 0)) problems.push(of('delayMax', 'maxBelowMin'))
  else if (delayMax > MAX_DELAY_S) problems.push(of('delayMax', 'delayTooLong', MAX_DELAY_S))
  return problems
}

function timeProblems({ starts, startsAt, window }: CampaignPlan): Problem[] {
  const problems: Problem[] = []
  if (starts === 'later' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(startsAt))
    problems.push({ step: 'pace', field: 'startsAt', name: 'timeMissing' })
  const { on, ...hours } = window
  if (on && hours.days.length === 0) problems.push({ step: 'pace', field: 'window', name: 'windowDays' })
  else if (on && !sendingWindow.safeParse(hours).success)
    problems.push({ step: 'pace', field: 'window', name: 'windowInvalid' })
  return problems
}

/** The messages that are ready to be shown on a phone; one that is not yet stands as null. */
export function readyMessages(plan: CampaignPlan): (CampaignMessage | null)[] {
  return plan.messages.map((message, index) => {
    if (messageProblems(message, index).length > 0) return null
    return campaignMessage.safeParse(toMessage(message, index)).data ?? null
  })
}
