import { z } from 'zod'
import { instant } from './common.ts'
import { FAILURE_CATEGORIES } from './errors.ts'

/** One failed attempt, or the reason of an auto-pause (then without a person). */
export const errorLogRow = z.object({
  id: z.string(),
  contactId: z.number().nullable(),
  phone: z.string().nullable(),
  category: z.enum(FAILURE_CATEGORIES),
  code: z.string(),
  message: z.string(),
  at: instant,
})
export type ErrorLogRow = z.infer<typeof errorLogRow>
