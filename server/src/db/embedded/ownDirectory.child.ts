/**
 * A program for tests: owns the directory given as its argument until it is killed, and tells how that went in one
 * line of JSON: `{connection, ms}` or `{problem, message, ms}`.
 */
import { createLogger } from '#server/lib/logger.ts'
import { EmbeddedPostgresError, startEmbeddedPostgres } from './startEmbeddedPostgres.ts'

const startedAt = performance.now()
const passed = () => Math.round(performance.now() - startedAt)
try {
  const directory = process.argv[2] ?? ''
  const { connection } = await startEmbeddedPostgres({
    directory,
    log: createLogger({ level: 'silent' }),
    durable: false,
  })
  console.log(JSON.stringify({ connection, ms: passed() }))
  process.stdin.resume() // stays until its standard input is closed, or it is killed
} catch (error) {
  const problem = error instanceof EmbeddedPostgresError ? error.problem : 'unexpected'
  console.log(JSON.stringify({ problem, message: (error as Error).message, ms: passed() }))
}
