import { changeConnection, isConnected, isLoggedIn } from './connection.ts'
import { splitEvents, storeEvents } from './events.ts'
import type { Payload } from './goAnswers.ts'
import { answerData, answerError, answerJson, decodePayload, readFlag, readText, readTexts } from './goAnswers.ts'
import { showCode, waitForScan } from './pairing.ts'
import type { Exchange, Routes } from './router.ts'
import type { SandboxUser, UserRegistry } from './users.ts'
import { jidOf } from './users.ts'
import type { WebhookPoster } from './WebhookPoster.ts'

type Deps = { users: UserRegistry; poster: WebhookPoster }

/** `/session/…`: state of the connection, pairing, and the key that webhooks are signed with. */
export function sessionRoutes(deps: Deps): Routes {
  return {
    user: {
      'GET /session/status': answerStatus,
      'POST /session/connect': (exchange, user) => connect(deps, exchange, user),
      'POST /session/disconnect': (exchange, user) => disconnect(deps, exchange, user),
      'POST /session/logout': (exchange, user) => logout(deps, exchange, user),
      'GET /session/qr': (exchange, user) => answerQr(deps, exchange, user),
      'GET /session/hmac/config': (exchange, user) =>
        answerJson(exchange.response, 200, { hmac_key: user.hmacKey === '' ? '' : '***' }),
      'POST /session/hmac/config': (exchange, user) => setHmacKey(deps.users, exchange, user),
      'DELETE /session/hmac/config': (exchange, user) => removeHmacKey(deps.users, exchange, user),
    },
  }
}

/** What the admin's list and the status share. */
export function describeUser(user: SandboxUser): Record<string, unknown> {
  return {
    connected: isConnected(user),
    events: user.storedEvents,
    id: user.id,
    jid: jidOf(user),
    loggedIn: isLoggedIn(user),
    name: user.name,
    ...NO_PROXY,
    qrcode: '',
    s3_config: NO_S3,
    token: user.token,
    webhook: user.webhook,
  }
}

export const NO_PROXY = { proxy_config: { enabled: false, proxy_url: '' }, proxy_url: '' }
export const NO_S3 = {
  access_key: '***',
  bucket: '',
  enabled: false,
  endpoint: '',
  media_delivery: 'base64',
  path_style: false,
  public_url: '',
  region: '',
  retention_days: 0,
}

/** `error` in the spelling of the user's generation. */
export function spell(user: SandboxUser, error: string): string {
  return user.settings.profile === 'A' ? error.slice(0, 1).toUpperCase() + error.slice(1) : error
}

function answerStatus({ response }: Exchange, user: SandboxUser): void {
  if (user.settings.profile === 'A') return answerOldStatus(response, user)
  const { id, jid, loggedIn, name, proxy_config, proxy_url, qrcode, s3_config, token, webhook } = describeUser(user)
  const hmac = { history: '0', hmac_configured: user.hmacKey !== '' }
  const rest = { id, jid, loggedIn, name, proxy_config, proxy_url, qrcode, s3_config, token, webhook }
  answerData(response, 200, { connected: isConnected(user), events: user.storedEvents, ...hmac, ...rest })
}

function answerOldStatus(response: Exchange['response'], user: SandboxUser): void {
  if (user.state === 'absent') answerError(response, 500, 'No session')
  else answerData(response, 200, { Connected: isConnected(user), LoggedIn: isLoggedIn(user) })
}

/** Omitting `Subscribe` stores an empty list and so silences every webhook. */
async function connect(deps: Deps, { body, response }: Exchange, user: SandboxUser): Promise<void> {
  const payload = decodePayload(body)
  if (payload === null) return answerError(response, 400, spell(user, 'could not decode Payload'))
  if (isConnected(user)) return answerError(response, 500, spell(user, 'already connected'))
  subscribe(user, payload)
  openConnection(deps, user)
  if (!readFlag(payload, 'Immediate')) await waitMs(user.settings.connectWaitMs)
  const { storedEvents, webhook } = user
  answerData(response, 200, { details: 'Connected!', events: storedEvents, jid: jidOf(user), webhook })
}

function subscribe(user: SandboxUser, payload: Payload): void {
  user.storedEvents = storeEvents(readTexts(payload, 'Subscribe') ?? [])
  user.activeEvents = new Set(splitEvents(user.storedEvents))
}

function openConnection(deps: Deps, user: SandboxUser): void {
  changeConnection(deps, user, { state: user.paired ? 'ready' : 'qr' })
  if (user.state === 'qr') waitForScan(deps, user)
}

/** Also forgets which events were wanted. Reports nothing. */
function disconnect(deps: Deps, { response }: Exchange, user: SandboxUser): void {
  if (user.state === 'absent') return answerError(response, 500, spell(user, 'no session'))
  if (!isConnected(user)) {
    return answerError(response, 500, spell(user, 'cannot disconnect because it is not logged in'))
  }
  user.storedEvents = ''
  user.activeEvents = new Set()
  changeConnection(deps, user, { state: 'absent', event: null })
  answerData(response, 200, { Details: 'Disconnected' })
}

function logout(deps: Deps, { response }: Exchange, user: SandboxUser): void {
  const refusal = refuseLogout(user)
  if (refusal !== null) return answerError(response, 500, spell(user, refusal))
  user.paired = false
  changeConnection(deps, user, { state: 'absent', event: null })
  answerData(response, 200, { Details: 'Logged out' })
}

function refuseLogout(user: SandboxUser): string | null {
  if (user.state === 'absent') return 'no session'
  if (user.state === 'qr') return 'could not logout as it was not logged in'
  return user.state === 'ready' ? null : 'could not disconnect as it was not connected'
}

async function answerQr(deps: Deps, { response }: Exchange, user: SandboxUser): Promise<void> {
  if (user.state === 'absent') return answerError(response, 500, spell(user, 'no session'))
  if (user.state === 'ready') return answerError(response, 500, spell(user, 'already logged in'))
  if (user.state !== 'qr') return answerError(response, 500, spell(user, 'not connected'))
  answerData(response, 200, { QRCode: await showCode(deps, user) })
}

function setHmacKey(users: UserRegistry, { body, response }: Exchange, user: SandboxUser): void {
  const payload = decodePayload(body)
  if (payload === null) return answerError(response, 400, 'could not decode payload')
  const key = readText(payload, 'hmac_key')
  if (key.length < 32) return answerError(response, 400, 'HMAC key must be at least 32 characters long')
  user.hmacKey = key
  user.signingKey = key
  users.save()
  answerJson(response, 200, { Details: 'HMAC configuration saved successfully' })
}

function removeHmacKey(users: UserRegistry, { response }: Exchange, user: SandboxUser): void {
  user.hmacKey = ''
  user.signingKey = ''
  users.save()
  answerJson(response, 200, { Details: 'HMAC configuration deleted successfully' })
}

function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
