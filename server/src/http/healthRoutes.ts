import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { z } from 'zod'
import type { Db } from '#server/db/Database.ts'
import type { RoutePlugin } from '#server/lib/http.ts'

/** A probe that asks every few seconds must not pile up behind a database that does not answer. */
const DATABASE_DEADLINE_MS = 2000

const alive = z.object({ status: z.literal('ok') })
const notReady = z.object({ status: z.literal('unavailable'), reason: z.string() })

export type HealthDeps = {
  db: Db
  /** Why this process does not work yet or any more, in one sentence; null when it does. */
  whyNotReady: () => string | null
}

/** `live`: the process answers. `ready`: start-up is over, it is not stopping, and the database answers. */
export function healthRoutes({ db, whyNotReady }: HealthDeps): RoutePlugin {
  return async (app) => {
    app.get(
      '/api/health/live',
      { config: { access: 'public' }, schema: { summary: 'Does the process answer?', response: { 200: alive } } },
      async () => ({ status: 'ok' as const }),
    )

    app.get(
      '/api/health/ready',
      {
        config: { access: 'public' },
        schema: { summary: 'Can it do its work?', response: { 200: alive, 503: notReady } },
      },
      async (_request, reply) => {
        const reason = whyNotReady() ?? (await whyNoDatabase(db))
        if (reason === null) return { status: 'ok' as const }
        return reply.code(503).send({ status: 'unavailable', reason })
      },
    )
  }
}

async function whyNoDatabase(db: Db): Promise<string | null> {
  const answer = sql`select 1`.execute(db).then(
    () => null,
    () => 'The database is out of reach.',
  )
  const late = sleep(DATABASE_DEADLINE_MS, 'The database does not answer.', { ref: false })
  return Promise.race([answer, late])
}
