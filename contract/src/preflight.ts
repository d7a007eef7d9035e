import { z } from 'zod'
import { refusedRecipient } from './campaigns.ts'
import { instant, pageQuery } from './common.ts'

/** Whom a campaign would find in which line; `duplicate` and `invalid` are not to be written to, nor those left out. */
export const PREFLIGHT_LINES = [
  'valid',
  'duplicate',
  'invalid',
  'suppressed',
  'excluded',
  'recentlyWritten',
  'notOnWhatsapp',
  'lackingVariables',
] as const
export type PreflightLine = (typeof PREFLIGHT_LINES)[number]

/**
 * How many there are. `chosen` = `valid` + `duplicate` + `invalid` + `suppressed` + `excluded` + `recentlyWritten`;
 * `notOnWhatsapp` and `lackingVariables` are among the valid.
 */
export const preflightCounts = z.object({
  chosen: z.number(),
  valid: z.number(),
  duplicate: z.number(),
  invalid: z.number(),
  suppressed: z.number(),
  excluded: z.number(),
  recentlyWritten: z.number(),
  /** Of whom it is known; nobody is asked now. */
  notOnWhatsapp: z.number(),
  lackingVariables: z.number(),
})
export type PreflightCounts = z.infer<typeof preflightCounts>

/** What one of the people would get, one text a step. */
export const preflightSample = z.object({ phone: z.string(), name: z.string().nullable(), texts: z.array(z.string()) })

/** `POST /api/user/bulk-campaigns/preflight`: what the same body would do if it were created now. */
export const preflight = z.object({
  lines: preflightCounts,
  /** Everybody typed who was refused. */
  refused: z.array(refusedRecipient),
  samples: z.array(preflightSample),
  /** When it would be over by pace, window and daily cap; null where nothing can be said. */
  estimatedSeconds: z.number().nullable(),
  finishesAt: instant.nullable(),
})
export type Preflight = z.infer<typeof preflight>

/** `POST /api/user/bulk-campaigns/preflight/people?line=…`: the people behind a line, the valid ones if none is named. */
export const preflightPeopleQuery = pageQuery.extend({ line: z.enum(PREFLIGHT_LINES).optional() })

export const preflightPerson = z.object({
  /** E.164, or what was typed where it cannot be dialled. */
  phone: z.string(),
  name: z.string().nullable(),
  contactId: z.number().nullable(),
  /** How often the person was chosen. */
  times: z.number(),
  reason: z.string().nullable(),
  /** What the texts speak of and this person has not. */
  lacking: z.array(z.string()),
})
export type PreflightPerson = z.infer<typeof preflightPerson>
