import type { UnknownPolicy } from '#contract/campaigns.ts'
import type { PauseReason } from '#contract/states.ts'
import { SUPPRESSED } from '#contract/suppressions.ts'
import type { SendFailure, SendOutcome } from '#server/channels/gateways/Gateway.ts'
import type { ClaimedRecipient } from '#server/recipients/claimRecipients.ts'
import type { Settlement } from '#server/recipients/settleRecipients.ts'
import { backOffMs } from './backOff.ts'

/** Requests whose fate is unknown are repeated this often, with the same id and body. */
const MAX_RESENDS = 3
/** The first attempt and three more. */
const MAX_ATTEMPTS = 4

/** What the outcome means for the whole channel, beside the recipient's own row. */
export type ChannelEffect = { pause: PauseReason | null; backOffMs: number | null }

export type Decision = { settlement: Settlement; effect: ChannelEffect }

export type CampaignRules = {
  id: string
  unknownPolicy: UnknownPolicy
  /** Whether the gateway's recipients see a repeated message once; if not, nothing of unknown fate is repeated. */
  isIdempotent: boolean
  /** For each step, the pause before it in ms. */
  stepDelaysMs: number[]
  /** Whether a step has a text that goes where its file cannot. */
  hasFallback?: (step: number) => boolean
}

const NO_EFFECT: ChannelEffect = { pause: null, backOffMs: null }

/** What becomes of a recipient after one attempt. Pure, but for the jitter of the back-off. */
export function decideSettlement(campaign: CampaignRules, recipient: ClaimedRecipient, outcome: SendOutcome): Decision {
  if (outcome.ok) return { settlement: afterSuccess(campaign, recipient, outcome.gatewayId ?? null), effect: NO_EFFECT }
  const { failure } = outcome
  const effect = effectOf(failure, recipient)
  const settlement =
    failure.fate === 'maybe'
      ? afterMaybe(campaign, recipient, failure)
      : afterNotSent(campaign, recipient, failure, effect)
  return { settlement, effect }
}

/** Gives a claimed row back untouched: nothing was requested, or nothing that counts. */
export function giveBack(
  campaignId: string,
  recipient: ClaimedRecipient,
  error: Settlement['error'] = null,
): Settlement {
  const isFresh = recipient.attempts === 0 && recipient.step === 0 && !recipient.maybeSent
  return settle(
    campaignId,
    recipient,
    isFresh ? { status: 'pending', error } : { status: 'retrying', retryInMs: 0, error },
  )
}

/** Whether a message that may have left already may be sent again, under the same id. */
export function mayResend(campaign: CampaignRules, recipient: ClaimedRecipient): boolean {
  return campaign.isIdempotent && campaign.unknownPolicy === 'resend' && recipient.resends < MAX_RESENDS
}

/** Ends a recipient as `unknown` without a further request. */
export function giveUpAsUnknown(campaignId: string, recipient: ClaimedRecipient): Settlement {
  return settle(campaignId, recipient, { status: 'unknown', maybeSent: true, error: null })
}

/** Leaves out somebody who was suppressed after the claim; `unknown` where an earlier request may have gone out. */
export function leaveOut(campaignId: string, recipient: ClaimedRecipient): Settlement {
  const status = recipient.maybeSent ? 'unknown' : 'skipped'
  return settle(campaignId, recipient, { status, error: null, reason: SUPPRESSED })
}

export function failFor(campaignId: string, recipient: ClaimedRecipient, failure: SendFailure): Settlement {
  return settle(campaignId, recipient, { status: 'failed', error: errorOf(failure) })
}

function afterSuccess(campaign: CampaignRules, recipient: ClaimedRecipient, gatewayId: string | null): Settlement {
  const next = recipient.step + 1
  const delayMs = campaign.stepDelaysMs[next]
  const finishedStep = campaign.stepDelaysMs.length > 1 ? recipient.step : null
  if (delayMs === undefined) {
    return settle(campaign.id, recipient, {
      status: 'sent',
      attempts: recipient.attempts + 1,
      finishedStep,
      gatewayId,
      error: null,
    })
  }
  const fresh = { step: next, attempts: 0, resends: 0, maybeSent: false, usesFallback: false }
  return settle(campaign.id, recipient, {
    status: 'retrying',
    ...fresh,
    finishedStep,
    gatewayId,
    retryInMs: delayMs,
    error: null,
  })
}

function afterMaybe(campaign: CampaignRules, recipient: ClaimedRecipient, failure: SendFailure): Settlement {
  const counted = { attempts: recipient.attempts + 1, maybeSent: true, error: errorOf(failure) }
  if (!mayResend(campaign, recipient)) {
    return settle(campaign.id, recipient, { status: 'unknown', ...counted })
  }
  const resends = recipient.resends + 1
  return settle(campaign.id, recipient, {
    status: 'retrying',
    ...counted,
    resends,
    retryInMs: backOffMs(failure, recipient.resends),
  })
}

function afterNotSent(
  campaign: CampaignRules,
  recipient: ClaimedRecipient,
  failure: SendFailure,
  effect: ChannelEffect,
): Settlement {
  const error = errorOf(failure)
  if (effect.pause !== null) return giveBack(campaign.id, recipient, error)
  // Our own stop cut the request off before a byte of it had left.
  if (failure.code === 'ABORTED') return giveBack(campaign.id, recipient)
  if (isRefunded(failure)) {
    const retryInMs = effect.backOffMs ?? backOffMs(failure, recipient.attempts)
    return settle(campaign.id, recipient, { status: 'retrying', retryInMs, error })
  }
  const attempts = recipient.attempts + 1
  if (failure.permanent || attempts >= MAX_ATTEMPTS) {
    if (mayFallBack(campaign, recipient, failure)) {
      const asText = { usesFallback: true, attempts: 0, resends: 0, retryInMs: 0 }
      return settle(campaign.id, recipient, { status: 'retrying', ...asText, error })
    }
    return settle(campaign.id, recipient, {
      status: isSurelyUnsent(recipient, failure) ? 'failed' : 'unknown',
      attempts,
      error,
    })
  }
  return settle(campaign.id, recipient, {
    status: 'retrying',
    attempts,
    retryInMs: backOffMs(failure, recipient.attempts),
    error,
  })
}

/**
 * An earlier request may have gone out: then "failed" would be a claim that nobody can make. Unless the number does not
 * exist, because then nobody got the earlier one either.
 */
function isSurelyUnsent(recipient: ClaimedRecipient, failure: SendFailure): boolean {
  return !recipient.maybeSent || failure.category === 'INVALID_NUMBER'
}

/**
 * What failed for good may be the file; its step then goes out as text, under the same id: surely nobody has got that.
 * Not where the failure is about the number or the connection: the text would meet it, too.
 */
function mayFallBack(campaign: CampaignRules, recipient: ClaimedRecipient, failure: SendFailure): boolean {
  const isAboutContent = failure.category === 'API_ERROR' || failure.code.startsWith('UPLOAD_')
  if (!isAboutContent || failure.scope !== 'recipient' || recipient.maybeSent || recipient.usesFallback) return false
  return campaign.hasFallback?.(recipient.step) ?? false
}

/** Failures that say nothing about the recipient do not use up its attempts. */
function isRefunded(failure: SendFailure): boolean {
  const { category, scope, permanent } = failure
  if (category === 'RATE_LIMIT' || category === 'DISCONNECTED' || category === 'UNAUTHORIZED') return true
  return category === 'SERVER_BUSY' && scope === 'channel' && !permanent
}

function effectOf(failure: SendFailure, recipient: ClaimedRecipient): ChannelEffect {
  if (failure.category === 'DISCONNECTED') return { pause: 'disconnected', backOffMs: null }
  if (failure.category === 'UNAUTHORIZED') return { pause: 'unauthorized', backOffMs: null }
  if (failure.category !== 'RATE_LIMIT' || failure.scope !== 'channel') return NO_EFFECT
  if (failure.permanent || failure.code === 'SERVER_ERROR_463') return { pause: 'blocked', backOffMs: null }
  return { pause: null, backOffMs: backOffMs(failure, recipient.attempts) }
}

function errorOf(failure: SendFailure): Settlement['error'] {
  return { category: failure.category, code: failure.code, message: failure.message }
}

function settle(
  campaignId: string,
  recipient: ClaimedRecipient,
  changes: Partial<Settlement> & Pick<Settlement, 'status' | 'error'>,
): Settlement {
  return {
    campaignId,
    id: recipient.id,
    step: recipient.step,
    finishedStep: null,
    attempts: recipient.attempts,
    resends: recipient.resends,
    maybeSent: recipient.maybeSent,
    usesFallback: recipient.usesFallback,
    retryInMs: null,
    gatewayId: null,
    ...changes,
  }
}
