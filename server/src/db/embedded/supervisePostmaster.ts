import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Log } from '#server/lib/logger.ts'
import { clearFormerPostmaster } from './clearFormerPostmaster.ts'
import type { ClusterPlace } from './clusterPlace.ts'
import { EmbeddedPostgresError, explainFailure } from './EmbeddedPostgresError.ts'
import { limitLog, logSince, logSize } from './logFile.ts'
import type { PostgresConnection } from './PostgresConnection.ts'
import type { PostgresPrograms } from './postgresPrograms.ts'
import { spawnPostmaster, type Postmaster } from './postmasterProcess.ts'
import { waitUntil } from './processes.ts'
import { waitUntilReady } from './waitUntilReady.ts'

export type Supervised = {
  place: ClusterPlace
  programs: PostgresPrograms
  settings: string[]
  connection: PostgresConnection
  log: Log
}

export type Supervisor = { stop(): Promise<void>; gaveUp: Promise<EmbeddedPostgresError> }

/** Waits before the 1st, 2nd … try. The first is immediate; all together are under the 10 s we promise. */
const RETRY_DELAYS_MS = [0, 200, 500, 1000, 2000]

/** A server that ended sooner than this after it was ready is started again with a pause that grows as above. */
const QUICK_END_MS = 5000

const CHECK_EVERY_MS = 5000

/**
 * Starts the server, and starts it again whenever it ends while nobody asked it to. When five tries in a row do not
 * make it ready it gives up and says so: one that gets ready and is killed again, however often, is never given up.
 * Returns when the database answers; throws EmbeddedPostgresError when the first start fails.
 *
 * starting → running → (ended) → restarting → running | gave up; `stop` leads out of every state.
 */
export async function supervisePostmaster(what: Supervised): Promise<Supervisor> {
  const { promise: gaveUp, resolve: giveUp } = Promise.withResolvers<EmbeddedPostgresError>()
  const state = { isStopping: false, current: await launch(what, () => false) }
  const checking = setInterval(() => check(what, state.current), CHECK_EVERY_MS).unref()

  const watching = keepRunning(what, state).catch((error: unknown) => {
    const failure = asFailure(error, what.place)
    what.log.error({ reason: failure.message }, 'the database cannot be started again: giving up')
    giveUp(failure)
  })
  const stop = async () => {
    state.isStopping = true
    clearInterval(checking)
    await state.current.stop()
    await watching
  }
  return { stop, gaveUp }
}

type State = { isStopping: boolean; current: Postmaster }

async function keepRunning(what: Supervised, state: State): Promise<void> {
  let quickEnds = 0
  for (;;) {
    const readyAt = performance.now()
    const ending = await state.current.ended
    if (state.isStopping) return
    what.log.warn({ ending, postmaster: state.current.pid }, 'the database server ended: starting it again')
    quickEnds = performance.now() - readyAt > QUICK_END_MS ? 0 : quickEnds + 1
    await restart(what, state, pauseAfter(quickEnds))
    if (state.isStopping) return state.current.stop()
  }
}

function pauseAfter(quickEnds: number): number {
  return RETRY_DELAYS_MS[Math.min(Math.max(quickEnds - 1, 0), RETRY_DELAYS_MS.length - 1)] ?? 0
}

/** Returns when the database answers again or nobody wants it any more. Throws why the last try failed. */
async function restart(what: Supervised, state: State, leastDelayMs: number): Promise<void> {
  const startedAt = performance.now()
  let failure: unknown
  for (const delayMs of RETRY_DELAYS_MS) {
    if (await waitUntil(() => state.isStopping, Math.max(delayMs, leastDelayMs))) return
    try {
      state.current = await launch(what, () => state.isStopping)
      what.log.info(
        { postmaster: state.current.pid, ms: Math.round(performance.now() - startedAt) },
        'the database is ready again',
      )
      return
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

async function launch(what: Supervised, isGivenUp: () => boolean): Promise<Postmaster> {
  const { place, programs, settings, connection, log } = what
  await clearFormerPostmaster(place, log)
  limitLog(place.logFile)
  const before = logSize(place.logFile)
  const postmaster = spawnPostmaster(place, programs, settings)
  try {
    const isReady = await waitUntilReady(connection, () => postmaster.hasEnded() || isGivenUp())
    if (isReady || isGivenUp()) return postmaster
  } catch (error) {
    await postmaster.stop()
    throw error
  }
  const output = logSince(place.logFile, before)
  throw explainFailure(output === '' ? await postmaster.ended : output, place.cluster)
}

/** Systems empty their temporary folder; a server without its socket runs on, out of reach of everybody. */
function check({ place, connection, log }: Supervised, postmaster: Postmaster): void {
  limitLog(place.logFile)
  if (process.platform === 'win32' || postmaster.hasEnded()) return
  if (existsSync(path.join(place.socketDirectory, `.s.PGSQL.${connection.port}`))) return
  log.warn({ socketDirectory: place.socketDirectory }, 'somebody removed the socket of the database')
  void postmaster.stop()
}

function asFailure(error: unknown, place: ClusterPlace): EmbeddedPostgresError {
  if (error instanceof EmbeddedPostgresError) return error
  const reason = error instanceof Error ? error.message : String(error)
  const message = `The embedded database cannot be started again: ${reason}; look into ${place.logFile}, then start Revoada again.`
  return new EmbeddedPostgresError('failed', message, { cause: error })
}
