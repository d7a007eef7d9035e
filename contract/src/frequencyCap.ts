import { z } from 'zod'

/** At most `count` campaigns and single messages to one person within `days` days. */
export const frequencyCap = z.strictObject({ count: z.int().min(1).max(1000), days: z.int().min(1).max(90) })
export type FrequencyCap = z.infer<typeof frequencyCap>

/** `GET` and `PUT /api/user/frequency-cap`: for all campaigns of an account; null is no cap. */
export const accountCap = z.strictObject({ frequencyCap: frequencyCap.nullable() })

/** `error_code` of recipients who were left out: see SUPPRESSED, too. */
export const EXCLUDED = 'EXCLUDED'
export const RECENTLY_WRITTEN = 'RECENTLY_WRITTEN'
