import type { PhoneValidation, ValidatePhoneBody } from '#contract/phones.ts'
import { normalizePhoneInput } from '#contract/phone/normalizePhoneInput.ts'
import { suggestCorrection } from '#contract/phone/suggestCorrection.ts'
import type { CheckedNumbers, NumberChecker } from './NumberChecker.ts'
import type { NumberAnswer } from './PhoneCache.ts'

export { isCountry, normalizePhoneInput, type NormalizedPhone } from '#contract/phone/normalizePhoneInput.ts'
export { suggestCorrection } from '#contract/phone/suggestCorrection.ts'

const NOT_ASKED: PhoneValidation['check'] = {
  state: 'notAsked',
  obstacle: null,
  retryAfterSeconds: null,
  checkedAt: null,
}

/** One number as somebody types it: what it means, what it more likely means, and whether it is on WhatsApp. */
export class PhoneValidationService {
  readonly #numbers: NumberChecker

  constructor(numbers: NumberChecker) {
    this.#numbers = numbers
  }

  /** Asks a gateway only where a channel is named. Throws NOT_FOUND for a channel that is not the user's own. */
  async validate(
    userId: string,
    { phone, channelId, defaultCountry: country }: ValidatePhoneBody & { defaultCountry: string },
  ): Promise<PhoneValidation> {
    const read = normalizePhoneInput(phone, country)
    const suggestion = suggestCorrection(phone, country)
    const wanted = read.ok ? [read.e164] : []
    // Also where there is nothing to ask about: whose channel it is does not depend on the number.
    const checked = channelId === undefined ? null : await this.#numbers.check(userId, channelId, wanted)
    if (!read.ok) return { ...unreadable(read.reason), suggestion }
    const answer = checked?.answers.get(read.e164)
    const isAbsent = answer?.isOnWhatsapp === false
    return {
      isValid: !isAbsent,
      normalized: read.e164,
      validatedPhone: answer?.isOnWhatsapp === true ? confirmedPhone(read.e164, answer.jid) : null,
      jid: answer?.jid ?? null,
      suggestion,
      error: isAbsent ? 'NOT_ON_WHATSAPP' : null,
      country: read.country,
      warnings: read.warnings,
      others: read.others,
      check: checked === null ? NOT_ASKED : checkOf(checked, answer),
    }
  }
}

function unreadable(error: NonNullable<PhoneValidation['error']>): Omit<PhoneValidation, 'suggestion'> {
  const nothing = { normalized: null, validatedPhone: null, jid: null, country: null, warnings: [], others: [] }
  return { isValid: false, ...nothing, error, check: NOT_ASKED }
}

/** A LID is an address and not a number. */
function confirmedPhone(e164: string, jid: string | null): string {
  const digits = /^(\d{5,20})@s\.whatsapp\.net$/.exec(jid ?? '')?.[1]
  return digits === undefined ? e164 : `+${digits}`
}

function checkOf(checked: CheckedNumbers, answer: NumberAnswer | undefined): PhoneValidation['check'] {
  if (answer === undefined) {
    const { obstacle, retryAfterSeconds } = checked
    return { state: 'unknown', obstacle, retryAfterSeconds, checkedAt: null }
  }
  const state = answer.isOnWhatsapp ? ('onWhatsapp' as const) : ('notOnWhatsapp' as const)
  return { state, obstacle: null, retryAfterSeconds: null, checkedAt: answer.checkedAt.toISOString() }
}
