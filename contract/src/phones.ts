import { z } from 'zod'
import { id, instant } from './common.ts'
import { country, REJECT_REASONS, WARNING_REASONS } from './imports.ts'

/** What stands between a field as it was typed and the number that it most likely means. */
export const CORRECTION_REASONS = [
  /** `1198765432O`: a letter that looks like a digit. */
  'LETTERS_FOR_DIGITS',
  /** `+55 55 11 …` */
  'DOUBLED_COUNTRY_CODE',
  /** `55+11 …`, `011 55 11 …`, `+0055 …`: the country code is there, and not as it is dialled. */
  'COUNTRY_CODE_SPELLING',
  /** `351 912 345 678` where Brazil is home. */
  'MISSING_PLUS',
  /** `+11 98765-4321`: the plus stands before the area code. */
  'PLUS_WITHOUT_COUNTRY_CODE',
  /** A zero that is dialled inside the country only. */
  'TRUNK_ZERO',
  /** `0 15 11 …`: the carrier that the call was to go through. */
  'CARRIER_CODE',
  'NINTH_DIGIT_ADDED',
  /** `11 9 98765-4321` */
  'NINTH_DIGIT_DOUBLED',
  /** `9 (11) 8765-4321` */
  'NINTH_DIGIT_MISPLACED',
  /** Two numbers without anything between them. */
  'GLUED_NUMBERS',
  'SEVERAL_NUMBERS',
  /** `219888888 / 9`: a further line, of which only the end is written. */
  'SHORTHAND_NUMBER',
  /** `5,511987654321E+12`, where all digits are still there. */
  'SPREADSHEET_EXPONENT',
] as const
export type CorrectionReason = (typeof CORRECTION_REASONS)[number]

export const CONFIDENCES = ['high', 'medium', 'low'] as const
export type Confidence = (typeof CONFIDENCES)[number]

export const phoneSuggestion = z.object({
  /** E.164 */
  phone: z.string(),
  reason: z.enum(CORRECTION_REASONS),
  confidence: z.enum(CONFIDENCES),
  /** What else the field offers, E.164: the second of two numbers, the further line of a shorthand. */
  others: z.array(z.string()),
})
export type PhoneSuggestion = z.infer<typeof phoneSuggestion>

/** Why nobody can say now whether a number is on WhatsApp. */
export const CHECK_OBSTACLES = [
  /** This kind of channel never can (Cloud API). */
  'UNSUPPORTED',
  /** The channel has asked as much as is good for it in an hour; `retryAfterSeconds` says when it may again. */
  'BUDGET_USED',
  'DISCONNECTED',
  'CHANNEL_UNAUTHORIZED',
  'RATE_LIMIT',
  'TIMEOUT',
  /** The gateway is out of reach, or answered with something else. */
  'UNREACHABLE',
  /** WhatsApp left this number out of its answer. */
  'NO_ANSWER',
] as const
export type CheckObstacle = (typeof CHECK_OBSTACLES)[number]

/** What is known of a number: `notAsked` where no channel was named, `unknown` where it could not be found out. */
export const WHATSAPP_STATES = ['notAsked', 'onWhatsapp', 'notOnWhatsapp', 'unknown'] as const
export type WhatsappState = (typeof WHATSAPP_STATES)[number]

/** Why a number is not valid. */
export const PHONE_ERRORS = [...REJECT_REASONS, 'NOT_ON_WHATSAPP'] as const

/** `POST /api/user/phones/validate` */
export const validatePhoneBody = z.strictObject({
  phone: z.string().max(4096),
  /** Whose gateway says whether the number is on WhatsApp. Without it nobody is asked. */
  channelId: id.optional(),
  defaultCountry: country.optional(),
})
export type ValidatePhoneBody = z.infer<typeof validatePhoneBody>

export const phoneValidation = z.object({
  /** It can be dialled, and nobody said that it is not on WhatsApp. */
  isValid: z.boolean(),
  /** E.164; null where there is none. */
  normalized: z.string().nullable(),
  /** The number that WhatsApp confirmed, as WhatsApp has it: of old Brazilian accounts without the ninth digit. */
  validatedPhone: z.string().nullable(),
  jid: z.string().nullable(),
  suggestion: phoneSuggestion.nullable(),
  error: z.enum(PHONE_ERRORS).nullable(),
  /** ISO 3166-1 */
  country: z.string().nullable(),
  warnings: z.array(z.enum(WARNING_REASONS)),
  /** Further numbers in the field. */
  others: z.array(z.string()),
  check: z.object({
    state: z.enum(WHATSAPP_STATES),
    /** Why it is `unknown`. */
    obstacle: z.enum(CHECK_OBSTACLES).nullable(),
    retryAfterSeconds: z.number().nullable(),
    checkedAt: instant.nullable(),
  }),
})
export type PhoneValidation = z.infer<typeof phoneValidation>
