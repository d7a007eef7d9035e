import { useCallback, useEffect, useRef, useState } from 'react'
import type { Channel } from '#contract/channels.ts'
import { isUnsettled, refusedFields, type RefusedField } from '../../lib/errorHandler.ts'
import { useSendMessage } from './api/sendMessage.ts'
import { isBefore, nowIn } from './wallTime.ts'
import { bodyOf, canRepeat, loadKept, newAttempt, saveKept, type Attempt, type SingleDraft } from './singleDraft.ts'
import { usePhoneCheck, type PhoneCheck } from './usePhoneCheck.ts'

/** Why a field cannot go as it stands. */
export type DraftProblem = 'required' | 'phoneInvalid' | 'notOnWhatsapp' | 'timePast' | 'refused'
export type DraftProblems = Partial<Record<keyof SingleDraft, { problem: DraftProblem; reason: string | null }>>

/**
 * editing → sending → sent, or back: `refused` is an answer, and everything typed is free to be mended.
 * `unanswered`: it left and nothing came back, so it may have arrived; the form is held until a repeat under the same key
 * says so. `expired`: the same, so long ago that a repeat would be a new message.
 */
export type SendState = 'editing' | 'sending' | 'refused' | 'unanswered' | 'expired' | 'sent'

type Input = { userId: string; channels: readonly Channel[]; deviceZone: string }

export type SingleMessageSender = {
  draft: {
    values: SingleDraft
    problems: DraftProblems
    /** While a message may be on its way nothing of it may change. */
    isHeld: boolean
    set: (change: Partial<SingleDraft>) => void
  }
  phone: PhoneCheck
  schedule: { channelZone: string; earliest: string }
  send: {
    state: SendState
    error: unknown
    /** The message that the server took. */
    messageId: string | null
    submit: () => void
    /** The same request under the same key: it cannot go out twice. */
    repeat: () => void
    /** Gives up knowing what became of it; the form is free again. */
    letGo: () => void
    another: () => void
  }
}

/** One message to one person: what is typed, checked, kept on the device and handed over exactly once. */
export function useSingleMessageSender({ userId, channels, deviceZone }: Input): SingleMessageSender {
  const [{ draft, attempt }, keep] = useKept(userId)
  const values = withDefaults(draft, channels, deviceZone)
  const phone = usePhoneCheck(values)
  const mutation = useSendMessage()
  const [showsProblems, setShowsProblems] = useState(false)
  const [messageId, setMessageId] = useState<string | null>(null)
  const earliest = nowIn(values.timeZone, new Date())
  const state = stateOf(attempt, mutation, messageId)

  const hand = (next: Attempt) => {
    // Written down before it leaves: a page that is closed now still knows the key.
    keep({ draft: values, attempt: next })
    mutation.mutate(next, {
      onSuccess: (message) => {
        keep({ draft: emptied(values), attempt: null })
        setShowsProblems(false)
        setMessageId(message.messageId)
      },
      onError: (error) => {
        if (!isUnsettled(error)) keep({ draft: values, attempt: null })
      },
    })
  }
  const problems = findProblems(values, phone, earliest)
  return {
    draft: {
      values,
      problems: { ...(showsProblems ? problems : {}), ...refusedProblems(mutation.error) },
      isHeld: state === 'sending' || state === 'unanswered' || state === 'expired',
      set: (change) => {
        if (mutation.isPending) return
        keep({ draft: { ...values, ...change }, attempt })
        setMessageId(null)
        mutation.reset()
      },
    },
    phone,
    schedule: { channelZone: zoneOfChannel(values.channelId, channels) ?? deviceZone, earliest },
    send: {
      state,
      error: mutation.error,
      messageId,
      submit: () => {
        setShowsProblems(true)
        if (Object.keys(problems).length === 0) hand(newAttempt(bodyOf(values), Date.now()))
      },
      repeat: () => attempt !== null && hand(attempt),
      letGo: () => {
        mutation.reset()
        keep({ draft: values, attempt: null })
      },
      another: () => setMessageId(null),
    },
  }
}

type Mutation = { isPending: boolean; error: unknown }

function stateOf(attempt: Attempt | null, mutation: Mutation, messageId: string | null): SendState {
  if (mutation.isPending) return 'sending'
  if (attempt !== null) return canRepeat(attempt, Date.now()) ? 'unanswered' : 'expired'
  if (mutation.error !== null) return 'refused'
  return messageId === null ? 'editing' : 'sent'
}

const SAVE_AFTER_MS = 300

/** What is in the form, kept on the device; an attempt at once, typing when it pauses or the page goes. */
function useKept(userId: string) {
  const [kept, setKept] = useState(() => loadKept(userId))
  const latest = useRef(kept)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const save = useCallback(() => {
    clearTimeout(timer.current)
    saveKept(userId, latest.current)
  }, [userId])
  useEffect(() => {
    window.addEventListener('pagehide', save)
    return () => {
      window.removeEventListener('pagehide', save)
      save()
    }
  }, [save])
  const keep = (next: typeof kept) => {
    const isUrgent = next.attempt !== latest.current.attempt
    latest.current = next
    setKept(next)
    clearTimeout(timer.current)
    if (isUrgent) save()
    else timer.current = setTimeout(save, SAVE_AFTER_MS)
  }
  return [kept, keep] as const
}

/** What nobody has chosen yet: the first channel that is ready, and the channel's own clock. */
function withDefaults(draft: SingleDraft, channels: readonly Channel[], deviceZone: string): SingleDraft {
  const isKnown = channels.some(({ id }) => id === draft.channelId)
  const first = channels.find(({ status }) => status === 'ready') ?? channels[0]
  const channelId = isKnown ? draft.channelId : (first?.id ?? '')
  return { ...draft, channelId, timeZone: draft.timeZone || (zoneOfChannel(channelId, channels) ?? deviceZone) }
}

function zoneOfChannel(channelId: string, channels: readonly Channel[]): string | undefined {
  return channels.find(({ id }) => id === channelId)?.timeZone
}

/** After a message has gone the next one starts empty, from the same channel. */
function emptied(draft: SingleDraft): SingleDraft {
  return { ...draft, phone: '', name: '', content: '', when: 'now', at: '' }
}

function findProblems(draft: SingleDraft, phone: PhoneCheck, earliest: string): DraftProblems {
  const problems: DraftProblems = {}
  const say = (field: keyof SingleDraft, problem: DraftProblem, reason: string | null = null) =>
    (problems[field] = { problem, reason })
  const { state } = phone
  if (draft.phone.trim() === '') say('phone', 'required')
  else if (state.kind === 'invalid') say('phone', 'phoneInvalid', state.reason)
  else if (state.kind === 'suggestion' && !state.usable) say('phone', 'phoneInvalid')
  else if (state.kind === 'notOnWhatsapp') say('phone', 'notOnWhatsapp')
  if (draft.channelId === '') say('channelId', 'required')
  if (draft.content.trim() === '') say('content', 'required')
  if (draft.when === 'later' && draft.at === '') say('at', 'required')
  else if (draft.when === 'later' && isBefore(draft.at, earliest)) say('at', 'timePast')
  return problems
}

const FORM_FIELDS: Record<string, keyof SingleDraft> = {
  phone: 'phone',
  name: 'name',
  message: 'content',
  'message.content': 'content',
  channelId: 'channelId',
  scheduledAt: 'at',
  timeZone: 'timeZone',
}

function refusedProblems(error: unknown): DraftProblems {
  const named = refusedFields(error).flatMap(({ field, reason }: RefusedField) => {
    const place = FORM_FIELDS[field]
    return place === undefined ? [] : [[place, { problem: 'refused', reason }] as const]
  })
  return Object.fromEntries(named)
}
