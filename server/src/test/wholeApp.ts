import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, LightMyRequestResponse, RouteOptions } from 'fastify'
import { z } from 'zod'
import { startProduct } from '#server/compose.ts'
import { readConfig, SETTINGS } from '#server/config.ts'
import { signInAs } from '#server/http/testApp.ts'
import type { Access } from '#server/lib/http.ts'
import { TestSandbox } from '#server/sandbox/testSandbox.ts'
import { createTestDatabase, testLog } from './testDatabase.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
/** What `z.toJSONSchema` makes of the schema of a body. */
export type BodySchema = z.core.JSONSchema.BaseSchema

export type Route = {
  method: Method
  url: string
  access: Access
  sends: boolean
  /** Answers with a stream that ends when what it tells of ends. */
  streams: boolean
  /** Names of what stands in the path. */
  params: string[]
  /** Null where the route reads no JSON. */
  body: BodySchema | null
  /** What is refused here is refused by the route. */
  takes: (body: unknown) => boolean
  readsQuery: boolean
}

export type Person = { id: string; email: string; role: 'admin' | 'user'; cookie: string }

export type WholeApp = Awaited<ReturnType<typeof startWholeApp>>

const HOST = '127.0.0.1'

type Request = { payload?: unknown; headers?: Record<string, string> }

/**
 * The product as an `api` process runs it, put together by compose.ts on a database of its own, with every route that it
 * has and limits that no test meets. Its gateway is a sandbox that speaks WuzAPI. Nothing is sent: there is no worker.
 */
export async function startWholeApp(settings: Record<string, string> = {}) {
  const database = await createTestDatabase({ max: 5 })
  const sandbox = await TestSandbox.start()
  const seen = watchApps()
  const env = {
    NODE_ENV: 'test',
    ROLE: 'api',
    PORT: '0',
    DATABASE_URL: database.url,
    SECRET_KEY: 'pH7q2mZx9vK4tR8wL1nB6yD3sF5gJ0cA',
    GATEWAY_ALLOWED_HOSTS: new URL(sandbox.url).host,
    ...highLimits(),
    ...settings,
  }
  const product = await startProduct(readConfig(env, []), testLog).finally(seen.stop)
  const app = seen.app()
  const call = (who: Person | null, method: Method, url: string, { payload, headers }: Request = {}) =>
    app.inject({
      method,
      url,
      // As a browser does on our own pages.
      headers: { host: HOST, origin: `http://${HOST}`, ...(who === null ? {} : { cookie: who.cookie }), ...headers },
      ...(payload === undefined ? {} : { payload: payload as object }),
    }) as Promise<LightMyRequestResponse>
  return {
    db: database.db,
    sandbox,
    routes: seen.routes.filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS').flatMap(toRoutes),
    call,
    signIn: async (role: Person['role']): Promise<Person> => ({ ...(await signInAs(app, database.db, role)), role }),
    close: async () => {
      await product.stop()
      await sandbox.stop()
      await database.close()
    },
  }
}

/** The web server that is made next, and every route that it gets: the hook is there before the first. */
function watchApps() {
  const routes: RouteOptions[] = []
  let app: FastifyInstance | null = null
  const onMade = (message: unknown): void => {
    const made = (message as { fastify: FastifyInstance }).fastify
    app = made
    made.addHook('onRoute', (route) => void routes.push(route))
  }
  subscribe('fastify.initialization', onMade)
  return {
    routes,
    app: (): FastifyInstance => {
      if (app === null) throw new Error('No web server was made.')
      return app
    },
    stop: () => unsubscribe('fastify.initialization', onMade),
  }
}

function toRoutes(route: RouteOptions): Route[] {
  const { url, config, schema } = route
  const { body, querystring } = (schema ?? {}) as { body?: z.ZodType; querystring?: z.ZodType }
  return [route.method].flat().map((method) => ({
    method: method as Method,
    url,
    access: config?.access ?? 'public',
    sends: config?.sends === true,
    streams: 'sse' in route,
    params: [...url.matchAll(/:(\w+)/g)].map(([, name]) => name ?? ''),
    body: body === undefined ? null : z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }),
    takes: (value: unknown) => body?.safeParse(value).success === true,
    readsQuery: querystring !== undefined,
  }))
}

/** Of every setting that is a limit per minute. */
function highLimits(): Record<string, string> {
  const names = Object.values<{ name: string }>(SETTINGS).map(({ name }) => name)
  return Object.fromEntries(names.filter((name) => name.endsWith('_LIMIT')).map((name) => [name, '100000']))
}

/** The parts of an answer that a caller can tell from another; `id` is what it named itself. */
export function visible(answer: LightMyRequestResponse, id?: string): string {
  const { date: _date, ...headers } = answer.headers
  const text = `${answer.statusCode}\n${JSON.stringify(headers)}\n${answer.body}`
  return id === undefined ? text : text.replaceAll(id, '<id>')
}
