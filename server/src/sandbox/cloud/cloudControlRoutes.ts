import type { ServerResponse } from 'node:http'
import type { z } from 'zod'
import { answerJson, decodePayload } from '../goAnswers.ts'
import type { Ledger } from '../Ledger.ts'
import type { Exchange, Routes } from '../router.ts'
import { withoutUndefined, type CloudNumber, type CloudNumbers } from './CloudNumbers.ts'
import type { CloudReports } from './CloudReports.ts'
import {
  changeCloudSettings,
  cloudBehaviour,
  cloudRegistration,
  cloudScript,
  cloudState,
  cloudUpdate,
} from './cloudSettings.ts'

type Deps = { numbers: CloudNumbers; ledger: Ledger; reports: CloudReports }

/**
 * `/sandbox/cloud/…`: what Meta does not have. Needs the admin token; plain JSON, errors `{"error": "…"}`. The ledger is
 * the sandbox's own, with the phone number id as `user`.
 */
export function cloudControlRoutes(deps: Deps): Routes {
  return {
    admin: {
      'PUT /sandbox/cloud/numbers': (exchange) => register(deps, exchange),
      'GET /sandbox/cloud/numbers': ({ response }) =>
        answerJson(
          response,
          200,
          deps.numbers.list().map((number) => describe(deps, number)),
        ),
      'GET /sandbox/cloud/numbers/*': withNumber(deps, ({ response }, number) =>
        answerJson(response, 200, describe(deps, number)),
      ),
      'PATCH /sandbox/cloud/numbers/*/behaviour': withNumber(deps, (exchange, number) =>
        changeBehaviour(deps, exchange, number),
      ),
      'POST /sandbox/cloud/numbers/*/state': withNumber(deps, (exchange, number) =>
        changeState(deps, exchange, number),
      ),
      'PUT /sandbox/cloud/numbers/*/script': withNumber(deps, (exchange, number) =>
        changeScript(deps, exchange, number),
      ),
      'POST /sandbox/cloud/numbers/*/webhook': withNumber(deps, (exchange, number) =>
        postUpdate(deps, exchange, number),
      ),
      'GET /sandbox/cloud/stats': ({ response }) =>
        answerJson(response, 200, { pending: deps.reports.pending, lost: deps.reports.lost }),
    },
  }
}

function withNumber({ numbers }: Deps, handle: (exchange: Exchange, number: CloudNumber) => void) {
  return (exchange: Exchange): void => {
    const number = numbers.find(exchange.params[0] ?? '')
    if (number === null) answerJson(exchange.response, 404, { error: 'no such number' })
    else handle(exchange, number)
  }
}

function register({ numbers }: Deps, { body, response }: Exchange): void {
  const wanted = readBodyAs(cloudRegistration, body, response)
  if (wanted === null) return
  const registered = numbers.register(wanted)
  if (registered === null) return answerJson(response, 400, { error: 'a new number needs token and appSecret' })
  answerJson(response, registered.isNew ? 201 : 200, { id: registered.number.id, wabaId: registered.number.wabaId })
}

function changeBehaviour({ numbers }: Deps, { body, response }: Exchange, number: CloudNumber): void {
  const changes = readBodyAs(cloudBehaviour, body, response)
  if (changes === null) return
  number.settings = changeCloudSettings(number.settings, changes)
  numbers.save()
  answerJson(response, 200, number.settings)
}

function changeState(deps: Deps, { body, response }: Exchange, number: CloudNumber): void {
  const changes = readBodyAs(cloudState, body, response)
  if (changes === null) return
  Object.assign(number, withoutUndefined(changes))
  deps.numbers.save()
  answerJson(response, 200, describe(deps, number))
}

/** Replaces the whole script; `{}` ends it. It lives in memory only. */
function changeScript(deps: Deps, { body, response }: Exchange, number: CloudNumber): void {
  const wanted = readBodyAs(cloudScript, body, response)
  if (wanted === null) return
  number.script = new Map(Object.entries(wanted))
  answerJson(response, 200, describe(deps, number))
}

function postUpdate({ reports }: Deps, { body, response }: Exchange, number: CloudNumber): void {
  const update = readBodyAs(cloudUpdate, body, response)
  if (update === null) return
  reports.post(number, update.field, update.value)
  answerJson(response, 200, { posted: number.webhookUrl !== null })
}

/** Without token and secret. */
function describe({ ledger }: Deps, number: CloudNumber): Record<string, unknown> {
  const {
    id,
    wabaId,
    displayPhoneNumber,
    status,
    quality,
    canSend,
    tokenRevoked,
    subscribed,
    settings,
    templates,
    webhookUrl,
  } = number
  const shown = {
    id,
    wabaId,
    displayPhoneNumber,
    status,
    quality,
    canSend,
    tokenRevoked,
    subscribed,
    hasWebhook: webhookUrl !== null,
  }
  return {
    ...shown,
    templates: templates.length,
    media: number.media.size,
    behaviour: settings,
    ledger: ledger.summarize(id),
  }
}

/** The checked body, or null after a 400 that names the first thing wrong. */
function readBodyAs<T extends z.ZodType>(schema: T, body: Buffer, response: ServerResponse): z.output<T> | null {
  const parsed = schema.safeParse(decodePayload(body))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  answerJson(response, 400, { error: `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'wrong'}` })
  return null
}
