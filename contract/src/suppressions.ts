import { z } from 'zod'
import { id, instant } from './common.ts'
import { country, REJECT_REASONS } from './imports.ts'

/** Why an account does not write to somebody. `erased`: everything else of this person is gone, the number too. */
export const SUPPRESSION_REASONS = ['opted_out', 'complained', 'manual', 'erased'] as const
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number]

/** Numbers in one request. */
export const MAX_SUPPRESSED_AT_ONCE = 10_000

/** `error_code` of a recipient who was left out because of this. */
export const SUPPRESSED = 'SUPPRESSED'

export const suppression = z.object({
  id,
  /** E.164; null once the person was erased. */
  phone: z.string().nullable(),
  reason: z.enum(SUPPRESSION_REASONS),
  /** `api`: typed or sent by somebody; `erasure`: a person was erased. */
  source: z.enum(['api', 'erasure']),
  note: z.string().nullable(),
  createdAt: instant,
})
export type Suppression = z.infer<typeof suppression>

/** `POST /api/user/suppressions`: numbers as people write them, one a line. */
export const addSuppressionsBody = z.strictObject({
  phones: z.array(z.string().max(200)).min(1).max(MAX_SUPPRESSED_AT_ONCE),
  reason: z.enum(SUPPRESSION_REASONS).exclude(['erased']).default('manual'),
  note: z.string().trim().min(1).max(500).optional(),
  defaultCountry: country.optional(),
})
export type AddSuppressionsBody = z.input<typeof addSuppressionsBody>

/** Every line is added, known already (in the list, or twice among the lines) or refused. */
export const addedSuppressions = z.object({
  added: z.number(),
  known: z.number(),
  /** `line` counts from 1. */
  refused: z.array(z.object({ line: z.number(), input: z.string(), reason: z.enum(REJECT_REASONS) })),
})
export type AddedSuppressions = z.infer<typeof addedSuppressions>

/** Lines of one imported list. */
export const MAX_SUPPRESSED_IN_A_FILE = 100_000
/** Of the refused lines of a list the first are told one by one. */
export const MAX_TOLD_REFUSALS = 1000

/** `POST /api/user/suppressions/import`: every line with something in it is added, known or refused. */
export const importedSuppressions = addedSuppressions.extend({ refusedCount: z.number() })
export type ImportedSuppressions = z.infer<typeof importedSuppressions>

/**
 * `POST /api/user/suppressions/release`: a person who was erased wants messages again. Only they know the number now, so
 * it comes with the request, and with it how and when they agreed.
 */
export const releaseBody = z.strictObject({
  phone: z.string().min(1).max(200),
  defaultCountry: country.optional(),
  optIn: z.strictObject({ how: z.string().trim().min(3).max(200), at: instant }),
})
export type ReleaseBody = z.infer<typeof releaseBody>

export const released = z.object({ id })
