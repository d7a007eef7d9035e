/*
 * A message id is an address: which campaign, which recipient, which step. It is the same for every attempt, costs no
 * column and no index, and a receipt finds its row by primary key. Form as WhatsApp's own ids (`3EB0` and 18 hex
 * digits, contracts/wuzapi.md 4.7): 8 digits campaign tag, 9 digits recipient, 1 digit step.
 *
 * The tag is random per campaign, so that a second installation (or a new data directory) that writes to the same
 * person from the same number does not repeat an id: WhatsApp's clients drop a message whose id they have seen.
 */
const PREFIX = '3EB0'
const PATTERN = /^3EB0([0-9A-F]{8})([0-9A-F]{9})([0-9A-F])$/

export const MAX_RECIPIENT_NUMBER = 16 ** 9 - 1

/** `tag`: 0…2³²−1; `recipient`: 1…MAX_RECIPIENT_NUMBER; `step`: 0…15. */
export function messageIdOf(tag: number, recipient: number, step: number): string {
  return PREFIX + hex(tag, 8) + hex(recipient, 9) + hex(step, 1)
}

/** The address within a message id; null where the id is not one of ours. */
export function parseMessageId(messageId: string): { tag: number; recipient: number; step: number } | null {
  const match = PATTERN.exec(messageId)
  if (match === null) return null
  const [, tag, recipient, step] = match as unknown as [string, string, string, string]
  return { tag: Number.parseInt(tag, 16), recipient: Number.parseInt(recipient, 16), step: Number.parseInt(step, 16) }
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}
