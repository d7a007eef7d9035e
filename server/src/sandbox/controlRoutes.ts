import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { z } from 'zod'
import { changeConnection } from './connection.ts'
import { splitEvents, storeEvents } from './events.ts'
import { answerJson, decodePayload } from './goAnswers.ts'
import type { Ledger, LedgerKind } from './Ledger.ts'
import type { Receipts } from './Receipts.ts'
import type { Exchange, Routes } from './router.ts'
import type { Registration } from './settings.ts'
import { changeSettings, registration, sandboxSettings, script, stateChange } from './settings.ts'
import type { SandboxUser, UserRegistry } from './users.ts'
import type { WebhookPoster } from './WebhookPoster.ts'

type Deps = { users: UserRegistry; ledger: Ledger; receipts: Receipts; poster: WebhookPoster; instance: string }

/**
 * `/sandbox/…`: what no real gateway has. Plain JSON without envelope; errors `{"error": "…"}`.
 * Health is open and tells nothing but who answers; everything else needs the admin token.
 */
export function controlRoutes(deps: Deps): Routes {
  const { ledger, users } = deps
  return {
    open: {
      'GET /sandbox/health': ({ response }) =>
        answerJson(response, 200, { instance: deps.instance, pid: process.pid, status: 'ok' }),
    },
    admin: {
      'GET /sandbox/users': ({ response }) =>
        answerJson(
          response,
          200,
          users.list().map((user) => describe(deps, user)),
        ),
      'PUT /sandbox/users': (exchange) => register(deps, exchange),
      'GET /sandbox/users/*': withUser(users, ({ response }, user) => answerJson(response, 200, describe(deps, user))),
      'PATCH /sandbox/users/*/behaviour': withUser(users, (exchange, user) => changeBehaviour(deps, exchange, user)),
      'POST /sandbox/users/*/state': withUser(users, (exchange, user) => changeState(deps, exchange, user)),
      'PUT /sandbox/users/*/script': withUser(users, (exchange, user) => changeScript(deps, exchange, user)),
      'GET /sandbox/ledger': (exchange) => streamLedger(ledger, exchange),
      'GET /sandbox/ledger/summary': ({ query, response }) =>
        answerJson(response, 200, ledger.summarize(new URLSearchParams(query).get('user') ?? '')),
      'GET /sandbox/stats': ({ response }) => answerJson(response, 200, describeWebhooks(deps)),
    },
  }
}

function withUser(users: UserRegistry, handle: (exchange: Exchange, user: SandboxUser) => void) {
  return (exchange: Exchange): void => {
    const user = users.find(exchange.params[0] ?? '')
    if (user === null) answerJson(exchange.response, 404, { error: 'no such user' })
    else handle(exchange, user)
  }
}

/** Idempotent by token: the same call again changes the number that is there. Only a new one needs a name. */
function register(deps: Deps, { body, response }: Exchange): void {
  const wanted = readBodyAs(registration, body, response)
  if (wanted === null) return
  const known = deps.users.findRegistered(wanted.token)
  if (known === null && wanted.name === undefined) return answerJson(response, 404, { error: 'no such user' })
  const user = known ?? createUser(deps.users, wanted)
  applyRegistration(user, wanted)
  deps.users.save()
  answerJson(response, known === null ? 201 : 200, { id: user.id })
}

function createUser(users: UserRegistry, { name = '', token }: Registration): SandboxUser {
  return users.create({ name, token, webhook: '', events: '', hmacKey: '' })
}

/** What is not named stays as it is. A key signs at once: the trap of the real server is in `/admin/users`. */
function applyRegistration(user: SandboxUser, { behaviour, events, hmacKey, name, webhookUrl }: Registration): void {
  if (name !== undefined) user.name = name
  if (behaviour !== undefined) user.settings = changeSettings(user.settings, behaviour)
  if (webhookUrl !== undefined) user.webhook = webhookUrl
  if (hmacKey !== undefined) user.hmacKey = user.signingKey = hmacKey ?? ''
  if (events === undefined) return
  user.storedEvents = storeEvents(events)
  user.activeEvents = new Set(splitEvents(user.storedEvents))
}

function changeBehaviour({ users }: Deps, { body, response }: Exchange, user: SandboxUser): void {
  const changes = readBodyAs(sandboxSettings, body, response)
  if (changes === null) return
  user.settings = changeSettings(user.settings, changes)
  users.save()
  answerJson(response, 200, user.settings)
}

function changeState(deps: Deps, { body, response }: Exchange, user: SandboxUser): void {
  const change = readBodyAs(stateChange, body, response)
  if (change === null) return
  changeConnection(deps, user, change)
  answerJson(response, 200, describe(deps, user))
}

/** Replaces the whole script; `{}` ends it. It lives in memory only. */
function changeScript(deps: Deps, { body, response }: Exchange, user: SandboxUser): void {
  const wanted = readBodyAs(script, body, response)
  if (wanted === null) return
  user.script = new Map(Object.entries(wanted))
  answerJson(response, 200, describe(deps, user))
}

const KINDS: readonly string[] = ['read', 'accepted', 'refused'] satisfies LedgerKind[]

async function streamLedger(ledger: Ledger, { query, response }: Exchange): Promise<void> {
  const parameters = new URLSearchParams(query)
  const kind = parameters.get('kind')
  if (kind !== null && !isKind(kind)) return answerJson(response, 400, { error: `kind is one of ${KINDS.join(', ')}` })
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
  for await (const lines of inChunks(ledger.readLines({ user: parameters.get('user'), kind }))) {
    if (response.destroyed) return
    if (!response.write(lines)) await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
  response.end()
}

/** Some hundred lines as one text: a write for every line would take the core from the sends. */
async function* inChunks(lines: AsyncIterable<string>): AsyncIterable<string> {
  let chunk: string[] = []
  for await (const line of lines) {
    chunk.push(line)
    if (chunk.length < 256) continue
    yield `${chunk.join('\n')}\n`
    chunk = []
  }
  if (chunk.length > 0) yield `${chunk.join('\n')}\n`
}

function isKind(text: string): text is LedgerKind {
  return KINDS.includes(text)
}

function describe({ ledger }: Deps, user: SandboxUser): Record<string, unknown> {
  const { id, name, paired, settings, state, storedEvents, webhook } = user
  const shown = { id, name, paired, state, events: storedEvents, hasWebhook: webhook !== '' }
  return { ...shown, behaviour: settings, ledger: ledger.summarize(id) }
}

function describeWebhooks({ poster, receipts }: Deps): Record<string, number> {
  const waiting = { receiptsPending: receipts.pending, webhooksWaiting: poster.waiting }
  return { ...waiting, posted: poster.posted, failedAttempts: poster.failedAttempts, lost: poster.lost + receipts.lost }
}

/** The checked body, or null after a 400 that names the first thing wrong. */
function readBodyAs<T extends z.ZodType>(schema: T, body: Buffer, response: ServerResponse): z.output<T> | null {
  const parsed = schema.safeParse(decodePayload(body))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  answerJson(response, 400, { error: `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'wrong'}` })
  return null
}
