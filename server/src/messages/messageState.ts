import type { MessageState, WaitReason } from '#contract/messages.ts'
import type { CampaignStatus, PauseReason, RecipientStatus } from '#contract/states.ts'

export type StateFacts = {
  /** Of the campaign that the message is. */
  status: CampaignStatus
  pauseReason: PauseReason | null
  /** Of its one recipient. */
  recipient: RecipientStatus
  maybeSent: boolean
  /** What its channel waits for. */
  heldReason: PauseReason | null
}

export type StateOfMessage = { state: MessageState; reason: WaitReason | null }

/** What people are told of a message. The recipient decides once its fate is known, before that the plan does. */
export function messageStateOf(facts: StateFacts): StateOfMessage {
  const { recipient } = facts
  if (recipient === 'pending' || recipient === 'retrying' || recipient === 'sending') return stateOfOpen(facts)
  return { state: recipient === 'skipped' ? 'failed' : recipient, reason: null }
}

function stateOfOpen({ status, pauseReason, recipient, maybeSent, heldReason }: StateFacts): StateOfMessage {
  if (status === 'scheduled') return { state: 'scheduled', reason: null }
  // Under way when it was cancelled: what becomes of it is about to be written.
  if (recipient === 'sending') return { state: 'sending', reason: null }
  if (status === 'cancelled') return { state: maybeSent ? 'unknown' : 'cancelled', reason: null }
  if (status === 'failed') return { state: 'failed', reason: null }
  if (status === 'paused') return pauseReason === 'missed' ? { state: 'missed', reason: null } : waiting(pauseReason)
  return waiting(heldReason ?? (recipient === 'retrying' ? 'retry' : null))
}

function waiting(reason: WaitReason | null): StateOfMessage {
  return { state: 'waiting', reason }
}
