import { splitEvents, storeEvents } from './events.ts'
import { answerData, answerError, decodePayload, readFlag, readText, readTexts } from './goAnswers.ts'
import type { Exchange, Routes } from './router.ts'
import type { SandboxUser, UserRegistry } from './users.ts'

/**
 * `/webhook`, with the two traps of the real one: a change without `events` keeps the list that is shown and silences
 * the one that counts until a restart; PUT without `active` clears everything.
 */
export function webhookRoutes(users: UserRegistry): Routes {
  return {
    user: {
      'GET /webhook': ({ response }, user) =>
        answerData(response, 200, { subscribe: user.storedEvents.split(','), webhook: user.webhook }),
      'POST /webhook': (exchange, user) => setWebhook(users, exchange, user),
      'PUT /webhook': (exchange, user) => updateWebhook(users, exchange, user),
      'DELETE /webhook': ({ response }, user) => {
        clearWebhook(users, user)
        answerData(response, 200, { Details: 'Webhook and events deleted successfully' })
      },
    },
  }
}

function setWebhook(users: UserRegistry, { body, response }: Exchange, user: SandboxUser): void {
  const payload = decodePayload(body)
  if (payload === null) return answerError(response, 400, 'could not decode payload')
  change(users, user, readText(payload, 'webhookurl'), readTexts(payload, 'events'))
  answerData(response, 200, { webhook: user.webhook })
}

function updateWebhook(users: UserRegistry, { body, response }: Exchange, user: SandboxUser): void {
  const payload = decodePayload(body)
  if (payload === null) return answerError(response, 400, 'could not decode payload')
  const events = readTexts(payload, 'events')
  const active = readFlag(payload, 'active')
  if (active) change(users, user, readText(payload, 'webhook'), events)
  else clearWebhook(users, user)
  answerData(response, 200, { active, events: active ? events : null, webhook: user.webhook })
}

function change(users: UserRegistry, user: SandboxUser, webhook: string, events: string[] | null): void {
  user.webhook = webhook
  if (events !== null) user.storedEvents = storeEvents(events)
  user.activeEvents = new Set(events === null ? [] : splitEvents(user.storedEvents))
  users.save()
}

function clearWebhook(users: UserRegistry, user: SandboxUser): void {
  change(users, user, '', [])
}
