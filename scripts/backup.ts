import { readConfig } from '../server/src/config.ts'
import { backUp } from '../server/src/db/transfer/backupFile.ts'
import { createLogger } from '../server/src/lib/logger.ts'
import { findDatabase } from './findDatabase.ts'
import { runCommand, say, tellMoved, whereKeyIs } from './transfer.ts'

const USAGE = `npm run backup -- FILE
  Writes the database of this installation (embedded in DATA_DIR, running or not; or DATABASE_URL), as it is at one
  moment, into FILE, which only you may read. The secret key is not in it: keep it somewhere else, and keep it.`

process.exitCode = await runCommand('Nothing was backed up', main)

async function main(): Promise<number> {
  const [path, ...rest] = process.argv.slice(2)
  if (path === '--help') return say(USAGE)
  if (path === undefined || path.startsWith('-') || rest.length > 0) return say(USAGE, 2)
  const config = readConfig(process.env, [])
  const source = await findDatabase(config, createLogger({ level: 'warn' }))
  try {
    const began = performance.now()
    tellMoved(await backUp(source.connection, path, () => undefined), performance.now() - began)
    return say(`${path} is whole. To be of use it needs its secret key: ${whereKeyIs(config)}.`)
  } finally {
    await source.stop()
  }
}
