import { draw } from './draw.ts'
import { answerData, answerError, decodePayload, readTexts } from './goAnswers.ts'
import { addressOf, isOnWhatsapp } from './recipient.ts'
import type { Exchange, Routes } from './router.ts'
import { spell } from './sessionRoutes.ts'
import type { SandboxUser } from './users.ts'

type CheckedNumber = { IsInWhatsapp: boolean; JID: string; Query: string; VerifiedName: string }

/** `/user/check` and the address book. */
export function numberRoutes(): Routes {
  return {
    user: {
      'POST /user/check': answerCheck,
      'GET /user/contacts': ({ response }, user) => {
        if (user.state === 'absent') answerError(response, 500, spell(user, 'no session'))
        else answerData(response, 200, CONTACTS)
      },
    },
  }
}

function answerCheck({ body, response }: Exchange, user: SandboxUser): void {
  if (user.state === 'absent') return answerError(response, 500, spell(user, 'no session'))
  const payload = decodePayload(body)
  if (payload === null) return answerError(response, 400, spell(user, 'could not decode Payload'))
  const phones = readTexts(payload, 'Phone') ?? []
  if (phones.length === 0) return answerError(response, 400, spell(user, 'missing Phone in Payload'))
  if (user.state !== 'ready') {
    const cause = user.state === 'qr' ? 'info query timed out' : 'websocket not connected'
    const error = `failed to check if users are on WhatsApp: failed to send usync query: ${cause}`
    return answerError(response, 500, spell(user, error))
  }
  answerData(response, 200, { Users: checkNumbers(user, phones) })
}

/** One row for each number that WhatsApp chose to answer about, null when it is none. */
function checkNumbers(user: SandboxUser, phones: string[]): CheckedNumber[] | null {
  const { settings } = user
  const rows = phones
    .filter((phone) => draw(settings.seed, 'check', phone) >= settings.checkMissing)
    .map((phone) => checkNumber(user, phone))
  if (rows.length === 0) return null
  return settings.checkShuffled ? rows.toReversed() : rows
}

function checkNumber({ settings }: SandboxUser, phone: string): CheckedNumber {
  const digits = phone.replace(/@.*$/, '').replace(/^\+/, '')
  const IsInWhatsapp = isOnWhatsapp(settings, digits)
  const JID = IsInWhatsapp ? addressOf(settings, digits) : `${digits}@s.whatsapp.net`
  return { IsInWhatsapp, JID, Query: phone, VerifiedName: '' }
}

const NAMES = [
  'Ana Souza',
  'Bruno Lima',
  'Carla Dias',
  'Davi Rocha',
  'Érica Nunes',
  'Fábio Melo',
  'Gabi ✨',
  'Hugo Pires',
]

/** Numbers of the range that is kept free for fiction would be too few; these are made up and go nowhere. */
const CONTACTS = Object.fromEntries(
  NAMES.map((FullName, i) => {
    const [FirstName = ''] = FullName.split(' ')
    const row = { BusinessName: '', FirstName, Found: true, FullName, PushName: FirstName, RedactedPhone: '' }
    return [`551199000000${i + 1}@s.whatsapp.net`, row]
  }),
)
