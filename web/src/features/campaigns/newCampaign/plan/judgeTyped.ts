import { normalizePhoneInput } from '#contract/phone/normalizePhoneInput.ts'
import { suggestCorrection } from '#contract/phone/suggestCorrection.ts'
import type { RejectReason, WarningReason } from '#contract/imports.ts'
import type { PhoneSuggestion } from '#contract/phones.ts'
import { MAX_TYPED } from './campaignPlan.ts'
import { parseTypedRecipients, type TypedEntry } from '#contract/parseTypedRecipients.ts'

/** What the server will make of an entry, by the same rules. */
export type Verdict =
  | { state: 'valid'; phone: string; warnings: WarningReason[] }
  | { state: 'duplicate'; phone: string }
  | { state: 'invalid'; reason: RejectReason; suggestion: PhoneSuggestion | null }

export type JudgedEntry = TypedEntry & { verdict: Verdict }
type PhoneVerdict = Exclude<Verdict, { state: 'duplicate' }>

/** Typing one number judges the others again: what was said of them is kept. */
const known = new Map<string, PhoneVerdict>()
const MAX_KNOWN = 2000

/**
 * The first `MAX_TYPED` entries of the box, each with what it means. Of two spellings of one number the first counts.
 * A module of its own, because the rules bring the number plans of all countries with them.
 */
export function judgeTyped(text: string, country: string): JudgedEntry[] {
  const seen = new Set<string>()
  return parseTypedRecipients(text)
    .slice(0, MAX_TYPED)
    .map((entry) => {
      const verdict = judgePhone(entry.phone, country)
      if (verdict.state === 'invalid') return { ...entry, verdict }
      const isRepeated = seen.has(verdict.phone)
      seen.add(verdict.phone)
      return { ...entry, verdict: isRepeated ? { state: 'duplicate' as const, phone: verdict.phone } : verdict }
    })
}

function judgePhone(phone: string, country: string): PhoneVerdict {
  const key = `${country} ${phone}`
  const before = known.get(key)
  if (before !== undefined) return before
  const read = normalizePhoneInput(phone, country)
  const verdict: PhoneVerdict = read.ok
    ? { state: 'valid', phone: read.e164, warnings: read.warnings }
    : { state: 'invalid', reason: read.reason, suggestion: suggestCorrection(phone, country) }
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(key, verdict)
  return verdict
}

/** The text with one entry replaced by the number that was meant; its name stays. */
export function withCorrection(text: string, entry: TypedEntry, phone: string): string {
  const words = entry.name === undefined ? phone : `${entry.name} ${phone}`
  return text.slice(0, entry.from) + words + text.slice(entry.to)
}

/** The text without one entry, and without the separator or line that it leaves behind. */
export function withoutEntry(text: string, { from, to }: TypedEntry): string {
  const before = text.slice(0, from).replace(/[ \t]*$/, '')
  const after = text.slice(to).replace(/^[ \t]*[,;\t]?[ ]*/, '')
  const isLineEmpty = (before === '' || before.endsWith('\n')) && /^(?:\r?\n|$)/.test(after)
  return isLineEmpty ? before + after.replace(/^\r?\n/, '') : before + after
}
