import { draw } from './draw.ts'
import type { Settings } from './settings.ts'

/** Where a message goes. `digits` is the number for people, the ledger and the shares. */
export type Recipient = { jid: string; digits: string }

/**
 * Reads `Phone` as WuzAPI does: one `+` is dropped, and without `@` any text becomes a JID, with no look at its digits.
 * Null where it answers `could not parse Phone`: only for a JID without a user.
 */
export function parseRecipient(phone: string): Recipient | null {
  const text = phone.startsWith('+') ? phone.slice(1) : phone
  if (!text.includes('@')) return { jid: `${text}@s.whatsapp.net`, digits: text }
  const [user = '', server = ''] = text.split('@')
  return user === '' || server === '' ? null : { jid: text, digits: user.split(':')[0] ?? '' }
}

const SERVERS = new Set(['s.whatsapp.net', 'lid', 'g.us', 'newsletter', 'broadcast'])

/** Why whatsmeow will not send to this address at all, null when it tries. */
export function refuseAddress(jid: string): string | null {
  const [user = '', server = ''] = jid.split('@')
  if (!SERVERS.has(server)) return `can't send message to unknown server ${server}`
  if (user.includes(':')) return 'message recipient must be a user JID with no device part'
  return null
}

/** Whether WhatsApp knows the number: always the same answer for a number, with or without Brazil's ninth digit. */
export function isOnWhatsapp(settings: Settings, digits: string): boolean {
  // Nobody has a number with letters or spaces in it; WuzAPI lets it through to here.
  if (!/^\d{5,20}$/.test(digits)) return false
  return draw(settings.seed, 'whatsapp', withoutNinthDigit(digits)) >= settings.notOnWhatsapp
}

/** The address that WhatsApp uses for the number; of some old Brazilian accounts it lacks the ninth digit. */
export function addressOf(settings: Settings, digits: string): string {
  const short = withoutNinthDigit(digits)
  const isOld = draw(settings.seed, 'old-jid', short) < settings.oldBrazilianJids
  return `${isOld ? short : digits}@s.whatsapp.net`
}

function withoutNinthDigit(digits: string): string {
  return digits.length === 13 && digits.startsWith('55') && digits[4] === '9'
    ? digits.slice(0, 4) + digits.slice(5)
    : digits
}
