import type { BookEntry } from './Gateway.ts'
import { isObject, textField } from './gatewayJson.ts'

/** Some 200 bytes an entry: room for 80,000 people. */
export const MAX_ADDRESS_BOOK_BYTES = 16 * 1024 * 1024

/** `5511999990001:12@s.whatsapp.net` → `5511999990001`. */
export function numberOf(jid: string | null): string | null {
  return /^(\d{5,20})(?:[.:]\d+)*@(?:s\.whatsapp\.net|c\.us)$/.exec(jid ?? '')?.[1] ?? null
}

/**
 * What `GET /user/contacts` says (contracts/wuzapi.md 5). Groups, and people whom WhatsApp shows without their number
 * (`…@lid`), are left out.
 */
export function bookOf(data: unknown): BookEntry[] {
  return Object.entries(isObject(data) ? data : {}).flatMap(([jid, row]) => {
    const number = numberOf(jid)
    return number === null ? [] : [{ number, name: nameOf(row) }]
  })
}

/** What the owner of the phone calls them comes first, what they call themselves last. */
function nameOf(row: unknown): string {
  const names = ['FullName', 'FirstName', 'BusinessName', 'PushName'].map((name) => textField(row, name)?.trim())
  return names.find((name) => name !== undefined && name !== '') ?? ''
}
