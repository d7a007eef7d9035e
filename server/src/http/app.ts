import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyHttpOptions,
  type FastifyRequest,
} from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Sessions } from '#server/auth/sessions.ts'
import { validateTokens } from '#server/channels/tokenValidator.ts'
import type { Config } from '#server/config.ts'
import type { Db } from '#server/db/Database.ts'
import { WaitBudget, withWaitBudget } from '#server/db/waitBudget.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { RoutePlugin } from '#server/lib/http.ts'
import type { Log } from '#server/lib/logger.ts'
import type { SecretBox } from '#server/lib/SecretBox.ts'
import { enforceAccess } from './accessPolicy.ts'
import { answerRepeats } from './answerRepeats.ts'
import { healthRoutes } from './healthRoutes.ts'
import { readJsonBodies } from './jsonBody.ts'
import { limitUsers } from './limitUsers.ts'
import { describeApi, openApiRoutes } from './openApi.ts'
import { addSecurityHeaders } from './securityHeaders.ts'
import { bareAnswers, sendError } from './sendError.ts'
import { endSlowBodies } from './slowBodies.ts'
import { serveWebApp } from './webApp.ts'

export type AppDeps = {
  config: Pick<
    Config,
    'publicUrl' | 'host' | 'trustedProxies' | 'apiDocs' | 'importLimit' | 'mediaLimit' | 'exportLimit'
  >
  log: Log
  db: Db
  sessions: Sessions
  box: SecretBox
  /** Why this process does not work yet or any more, in one sentence; null when it does. */
  whyNotReady: () => string | null
  /** Made by `apiRoutes()`. */
  routes: readonly RoutePlugin[]
  /** Where the built web app is; `web/dist` unless a test says otherwise. */
  webDirectory?: string
}

const VERSION = '0.1.0'
const WEB_DIRECTORY = fileURLToPath(new URL('../../../web/dist', import.meta.url))

/**
 * The web server with every route, ready to listen or to be injected into. Throws when a route does not declare its
 * access. `close()` ends open connections, streams included.
 */
export async function createApp(deps: AppDeps): Promise<FastifyInstance> {
  const { config, log, routes, webDirectory = WEB_DIRECTORY } = deps
  const app: FastifyInstance = fastify(serverOptions(config, log))
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(sendError)
  readJsonBodies(app)
  endSlowBodies(app)
  await addSecurityHeaders(app, config.publicUrl)
  logRefusals(app)
  refuseWhileClosing(app)
  limitWaits(app)
  enforceAccess(app, { ...deps, publicUrl: config.publicUrl, host: config.host })
  answerRepeats(app, deps)
  limitUsers(app, {
    db: deps.db,
    limits: { import: config.importLimit, media: config.mediaLimit, export: config.exportLimit },
  })
  validateTokens(app, deps)
  await describeApi(app, { version: VERSION, cookieName: deps.sessions.cookie.name })
  for (const plugin of [healthRoutes(deps), openApiRoutes(config), ...routes]) await app.register(plugin)
  await serveWebApp(app, webDirectory)
  await app.ready()
  return app
}

function serverOptions(config: AppDeps['config'], log: Log): FastifyHttpOptions<Server> {
  return {
    loggerInstance: log as FastifyBaseLogger,
    // Fastify's own lines would print URLs; ours name the route.
    logController: new LogController({ disableRequestLogging: true }),
    // Never `true`: then every client could choose its own address.
    trustProxy: config.trustedProxies.length > 0 ? config.trustedProxies : false,
    bodyLimit: 1024 * 1024,
    // The whole request, an upload of 200 MB over 6 Mbit/s included; JSON bodies are small anyway.
    requestTimeout: 300_000,
    // Silence on a socket; streams send a heartbeat more often.
    connectionTimeout: 60_000,
    http: { headersTimeout: 15_000, maxHeaderSize: 16 * 1024 },
    forceCloseConnections: true,
    // Answered by our own hook, in our own shape.
    return503OnClosing: false,
    ...bareAnswers(config.publicUrl),
  }
}

/** One line for what was refused for security's sake; the rest is of interest when debugging only. */
function logRefusals(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    const { statusCode } = reply
    const line = {
      method: request.method,
      // The pattern, never the URL: a webhook's address holds its secret.
      route: request.routeOptions.url ?? null,
      status: statusCode,
      durationMs: Math.round(reply.elapsedTime),
      userId: request.user?.id,
      address: request.ip,
    }
    const isRefusal = statusCode === 401 || statusCode === 403 || statusCode === 429
    request.log[isRefusal ? 'info' : 'debug'](line, isRefusal ? 'request refused' : 'request answered')
  })
}

function refuseWhileClosing(app: FastifyInstance): void {
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
  })
  app.addHook('onRequest', async () => {
    if (closing) throw new AppError('UNAVAILABLE', { details: { retryAfterSeconds: 1 } })
  })
}

/** Where connections are scarce a request is refused soon instead of waiting for each of its statements anew. */
function limitWaits(app: FastifyInstance): void {
  const budgets = new WeakMap<FastifyRequest, WaitBudget>()
  app.addHook('onRequest', (request, _reply, done) => {
    const budget = new WaitBudget()
    budgets.set(request, budget)
    withWaitBudget(budget, done)
  })
  // Once more: reading a body leaves the context that the first hook made.
  app.addHook('preValidation', (request, _reply, done) => {
    withWaitBudget(budgets.get(request) ?? new WaitBudget(), done)
  })
}
