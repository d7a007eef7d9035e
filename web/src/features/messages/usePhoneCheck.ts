import { useQuery } from '@tanstack/react-query'
import type { CheckObstacle, PhoneSuggestion, PhoneValidation } from '#contract/phones.ts'
import { useSettled } from '../../lib/useSettled.ts'
import { phoneQuery } from './api/validatePhone.ts'

/** Why nobody can say now whether a number is on WhatsApp; `FAILED`: our own server could not be asked. */
export type Obstacle = CheckObstacle | 'FAILED'

/**
 * What is known of the number in the field:
 * idle → checking → valid | suggestion | invalid | notOnWhatsapp | cannotCheck; any key pressed leads back.
 */
export type PhoneState =
  | { kind: 'idle' | 'checking' }
  /** Can be dialled; `confirmed` when WhatsApp knows it, which without a channel nobody asks. */
  | { kind: 'valid'; phone: string; confirmed: boolean; validation: PhoneValidation }
  /** More likely another number was meant. `usable`: the typed one could be dialled, too. */
  | { kind: 'suggestion'; suggestion: PhoneSuggestion; usable: boolean }
  | { kind: 'invalid'; reason: NonNullable<PhoneValidation['error']> }
  | { kind: 'notOnWhatsapp'; phone: string }
  | { kind: 'cannotCheck'; phone: string | null; obstacle: Obstacle; retryAfterSeconds: number | null }

export type PhoneCheck = { state: PhoneState; checkAgain: () => void }

const PAUSE_MS = 500
/** Less than this is a number on its way; nobody is asked about it. */
const FEWEST_DIGITS = 6

type Input = { phone: string; channelId: string; country: string }

/** Looks at a number while it is typed, once the typing pauses. */
export function usePhoneCheck({ phone, channelId, country }: Input): PhoneCheck {
  const typed = phone.trim()
  // An emptied field counts at once.
  const asked = useSettled(typed, typed === '' ? 0 : PAUSE_MS)
  const isWorthAsking = [...asked].filter((char) => /\p{Nd}/u.test(char)).length >= FEWEST_DIGITS
  const query = useQuery({
    ...phoneQuery({ phone: asked, defaultCountry: country, ...(channelId === '' ? {} : { channelId }) }),
    enabled: isWorthAsking,
  })
  const isTyping = asked !== typed
  return { state: stateOf(), checkAgain: () => void query.refetch() }

  function stateOf(): PhoneState {
    if (isTyping) return { kind: typed.length < FEWEST_DIGITS ? 'idle' : 'checking' }
    if (!isWorthAsking) return { kind: 'idle' }
    if (query.isFetching) return { kind: 'checking' }
    if (query.data !== undefined) return readValidation(query.data)
    return { kind: 'cannotCheck', phone: null, obstacle: 'FAILED', retryAfterSeconds: null }
  }
}

/** What the answer means for the person who types. */
export function readValidation(validation: PhoneValidation): PhoneState {
  const { normalized, suggestion, error, check } = validation
  const isAnotherNumber = suggestion !== null && suggestion.phone !== normalized
  if (isAnotherNumber && check.state !== 'onWhatsapp') return { kind: 'suggestion', suggestion, usable: error === null }
  if (normalized === null) return { kind: 'invalid', reason: error ?? 'NOT_A_NUMBER' }
  if (error !== null) return { kind: 'notOnWhatsapp', phone: normalized }
  if (check.state === 'unknown') {
    const { obstacle, retryAfterSeconds } = check
    return { kind: 'cannotCheck', phone: normalized, obstacle: obstacle ?? 'NO_ANSWER', retryAfterSeconds }
  }
  return { kind: 'valid', phone: normalized, confirmed: check.state === 'onWhatsapp', validation }
}
