import type { TFunction } from 'i18next'
import type { core } from 'zod'

/*
 * A form's schema is the contract's; the words are ours. The resolver stores `key` or `key|number` as the message,
 * and the text is looked up when it is shown, so that switching the language switches the errors too.
 */
type Issue = core.$ZodRawIssue

/** For `zodResolver(schema, { error: fieldErrorKey })`. */
export function fieldErrorKey(issue: Issue): string {
  if (issue.code === 'too_small') return tooSmall(issue)
  if (issue.code === 'too_big')
    return issue.origin === 'string' ? `tooLong|${issue.maximum}` : `tooMuch|${issue.maximum}`
  if (issue.code === 'invalid_format') return invalidFormat(issue)
  if (issue.code === 'invalid_type')
    return issue.expected === 'number' || issue.expected === 'int' ? 'number' : 'required'
  return 'invalid'
}

function tooSmall(issue: Extract<Issue, { code: 'too_small' }>): string {
  if (issue.origin !== 'string') return `tooLittle|${issue.minimum}`
  return Number(issue.minimum) <= 1 || issue.input === '' ? 'required' : `tooShort|${issue.minimum}`
}

function invalidFormat(issue: Extract<Issue, { code: 'invalid_format' }>): string {
  if (issue.input === '') return 'required'
  if (issue.format === 'email') return 'email'
  return issue.format === 'url' ? 'url' : 'invalid'
}

const KEYS = [
  'required',
  'email',
  'url',
  'number',
  'invalid',
  'tooShort',
  'tooLong',
  'tooLittle',
  'tooMuch',
  'maxBelowMin',
  'tokenForNewAddress',
] as const
export type FieldErrorKey = (typeof KEYS)[number]

/** The sentence for a message made above, undefined when the field is fine. */
export function fieldErrorText(t: TFunction, message: string | undefined): string | undefined {
  if (message === undefined) return undefined
  const [name, number] = message.split('|')
  const key = KEYS.find((known) => known === name) ?? 'invalid'
  return t(`fields.${key}`, { count: Number(number ?? 0) })
}
