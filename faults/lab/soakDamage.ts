import { setTimeout as sleep } from 'node:timers/promises'
import type { Crew } from './Crew.ts'
import type { PrivatePostgres } from './PrivatePostgres.ts'
import type { Random } from './Random.ts'
import type { SoakChannel } from './soakChannels.ts'
import type { TcpProxy } from './TcpProxy.ts'

export type Target = {
  crew: Crew
  postgres: PrivatePostgres
  /** Between every server and the database. */
  line: TcpProxy
  channels: SoakChannel[]
  random: Random
  /** How often each was done. */
  damages: Record<string, number>
}

const RESTART_LIMIT_MS = 60_000

/** Verdicts for the next sends of a number. */
const VERDICTS: Record<string, object[]> = {
  'lost answers': Array.from({ length: 5 }, () => ({ kind: 'resetAfterAccept' })),
  resets: Array.from({ length: 5 }, () => ({ kind: 'resetBeforeAnswer' })),
  failures: Array.from({ length: 8 }, () => ({ kind: 'error', error: 'info query timed out' })),
  nonsense: [{ kind: 'answer', status: 200, body: '<html>', accept: true }],
  'a rate limit': [
    { kind: 'answer', status: 429, body: '{"code":429,"error":"slow","success":false}', retryAfter: '2' },
  ],
}

const DAMAGES: Record<string, (target: Target) => Promise<void>> = {
  'kill -9 of a worker': async ({ crew, random }) => pick(random, crew.workers).signal('SIGKILL'),
  'SIGTERM to a worker': async ({ crew, random }) => pick(random, crew.workers).signal('SIGTERM'),
  'a worker stopped for a while': async ({ crew, random }) => {
    const worker = pick(random, crew.workers)
    worker.signal('SIGSTOP')
    await sleep(random.between(500, 12_000))
    worker.signal('SIGCONT')
  },
  'database restarted in order': async ({ postgres }) => void (await postgres.restart('fast', RESTART_LIMIT_MS)),
  'database restarted without a checkpoint': async ({ postgres }) =>
    void (await postgres.restart('immediate', RESTART_LIMIT_MS)),
  'backends terminated': ({ postgres }) =>
    postgres.run(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'revoada-%' and random() < 0.3`,
    ),
  'connections to the database reset': async ({ line }) => line.reset(),
  'a database far away': async ({ line, random }) => {
    line.delay(random.between(20, 200))
    await sleep(3000)
    line.delay(0)
  },
  'connections to the database forgotten': async ({ line, random }) => {
    line.blackHole(true)
    await sleep(random.between(1000, 8000))
    line.blackHole(false)
    // What was forgotten stays open at the database until its keepalive finds out, in hours; here that is now.
    line.reset()
  },
  'a session lost': async ({ channels, random }) => {
    const { gateway } = pick(random, channels)
    await gateway.connection('dropped')
    await sleep(random.between(200, 3000))
    await gateway.connection('ready')
  },
  'a gateway that misbehaves': async ({ channels, random }) =>
    pick(random, channels).gateway.script({ '*': pick(random, Object.values(VERDICTS)) }),
}

/** Does one of the damages, by chance, and says which. */
export async function doDamage(target: Target): Promise<string> {
  const name = pick(target.random, Object.keys(DAMAGES))
  await DAMAGES[name]?.(target)
  target.damages[name] = (target.damages[name] ?? 0) + 1
  return name
}

/** Everything works again. */
export async function calmDown({ channels, line }: Target): Promise<void> {
  line.delay(0)
  line.blackHole(false)
  for (const { gateway } of channels) {
    await gateway.script({})
    await gateway.connection('ready')
  }
}

function pick<T>(random: Random, among: readonly T[]): T {
  const one = among[Math.floor(random.next() * among.length)]
  if (one === undefined) throw new Error('There is nothing to pick from.')
  return one
}
