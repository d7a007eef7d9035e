import { isConnected, isLoggedIn } from './connection.ts'
import { findUnknownEvent, splitEvents, storeEvents } from './events.ts'
import type { Payload } from './goAnswers.ts'
import { answerData, answerError, answerJson, decodePayload, readText } from './goAnswers.ts'
import type { Exchange, Handler, Routes } from './router.ts'
import { describeUser, NO_PROXY, NO_S3 } from './sessionRoutes.ts'
import type { SandboxUser, UserRegistry } from './users.ts'
import { jidOf } from './users.ts'

/** `/admin/users` and `/health`. */
export function adminRoutes(users: UserRegistry): Routes {
  return {
    open: { 'GET /health': ({ response }) => answerJson(response, 200, describeHealth(users)) },
    admin: {
      'GET /admin/users': ({ response }) => answerData(response, 200, users.list().map(describeListed)),
      'GET /admin/users/*': ({ params, response }) => {
        // An unknown id is an empty list, not a 404.
        const user = users.find(params[0] ?? '')
        answerData(response, 200, user === null ? [] : [describeListed(user)])
      },
      'POST /admin/users': (exchange) => createUser(users, exchange),
      'PUT /admin/users/*': (exchange) => editUser(users, exchange),
      'DELETE /admin/users/*': removeUser(users, false),
      'DELETE /admin/users/*/full': removeUser(users, true),
    },
  }
}

function createUser(users: UserRegistry, { body, response }: Exchange): void {
  const payload = decodePayload(body)
  if (payload === null) return answerError(response, 400, 'invalid request payload')
  const token = readText(payload, 'token')
  const events = splitEvents(readText(payload, 'events'))
  const hmacKey = readText(payload, 'hmacKey')
  if (hmacKey !== '' && hmacKey.length < 32) {
    return answerError(response, 400, 'HMAC key must be at least 32 characters long')
  }
  const unknown = findUnknownEvent(events)
  if (unknown !== null) return answerError(response, 400, 'invalid event type', `invalid event: ${unknown}`)
  if (users.findRegistered(token) !== null) return answerError(response, 409, 'user with this token already exists')
  const webhook = readText(payload, 'webhook')
  const user = users.create({ name: readText(payload, 'name'), token, webhook, events: storeEvents(events), hmacKey })
  answerData(response, 201, describeCreated(user))
}

/** Writes only fields that are not empty, so nothing can be cleared here; it knows no `hmacKey`. */
function editUser(users: UserRegistry, { body, params, response }: Exchange): void {
  const payload = decodePayload(body)
  if (payload === null) return answerError(response, 400, 'invalid request payload')
  const user = users.find(params[0] ?? '')
  if (user === null) return answerError(response, 404, 'user not found')
  const events = splitEvents(readText(payload, 'events'))
  const unknown = findUnknownEvent(events)
  if (unknown !== null) return answerError(response, 400, 'invalid event type', `invalid event: ${unknown}`)
  if (!applyEdits(users, user, payload, events)) return answerError(response, 400, 'no fields to update')
  users.save()
  answerJson(response, 200, { code: 200, message: 'user updated successfully', success: true })
}

function applyEdits(users: UserRegistry, user: SandboxUser, payload: Payload, events: string[]): boolean {
  const name = readText(payload, 'name')
  const token = readText(payload, 'token')
  const webhook = readText(payload, 'webhook')
  if (name !== '') user.name = name
  if (token !== '') users.changeToken(user, token)
  if (webhook !== '') user.webhook = webhook
  if (events.length > 0) {
    user.storedEvents = storeEvents(events)
    user.activeEvents = new Set(events)
  }
  return name !== '' || token !== '' || webhook !== '' || events.length > 0
}

/** Without `full` the row goes and the token works on until the next start. */
function removeUser(users: UserRegistry, full: boolean): Handler {
  return ({ params, response }) => {
    const id = params[0] ?? ''
    const user = users.find(id)
    if (user === null) return answerError(response, 404, 'user not found', `No user found with ID: ${id}`)
    const jid = jidOf(user)
    users.remove(user, { token: full })
    const data = full ? { id, jid, name: user.name } : { id }
    const details = full ? 'user instance removed completely' : 'user deleted successfully'
    answerJson(response, 200, { code: 200, data, details, success: true })
  }
}

function describeListed(user: SandboxUser): Record<string, unknown> {
  const { connected, events, ...rest } = describeUser(user)
  return { connected, events, expiration: 0, ...rest }
}

function describeCreated({ hmacKey, id, name, storedEvents, token, webhook }: SandboxUser): Record<string, unknown> {
  const { proxy_config } = NO_PROXY
  const rest = { id, name, proxy_config, s3_config: NO_S3, token, webhook }
  return { events: storedEvents, expiration: 0, hmac_key: hmacKey !== '', ...rest }
}

function describeHealth(users: UserRegistry): Record<string, unknown> {
  const all = users.list()
  return {
    active_connections: all.filter(isConnected).length,
    connected_users: all.filter(isConnected).length,
    goroutines: 1,
    logged_in_users: all.filter(isLoggedIn).length,
    memory_stats: { alloc_mb: Math.round(process.memoryUsage.rss() / 1_048_576) },
    status: 'ok',
    timestamp: new Date().toISOString(),
    total_users: all.length,
    uptime: `${Math.round(process.uptime())}s`,
    version: '1.0.5',
  }
}
