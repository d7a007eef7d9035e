import { armDatabase } from '../server/src/armDatabase.ts'
import { readConfig } from '../server/src/config.ts'
import { openDatabase } from '../server/src/db/openDatabase.ts'
import { createLogger } from '../server/src/lib/logger.ts'
import { findDatabase } from './findDatabase.ts'
import { runCommand, say } from './transfer.ts'

const USAGE = `npm run arm
  Lets an installation send that was restored or copied. Only when what it was copied from sends no more: both would
  write to the same people. Needed once; started or not.`

process.exitCode = await runCommand('It was not armed', main)

async function main(): Promise<number> {
  if (process.argv.includes('--help')) return say(USAGE)
  const log = createLogger({ level: 'warn' })
  const found = await findDatabase(readConfig(process.env, []), log)
  const { db, close } = openDatabase(found.connection, { log, max: 2, name: 'arm' })
  try {
    const { changed, running, scheduled, singles } = await armDatabase(db)
    if (!changed) return say('This installation could send already.')
    return say(
      `Armed. Go on by themselves: ${running} running and ${scheduled} scheduled campaigns, ${singles} single messages.`,
    )
  } finally {
    await close()
    await found.stop()
  }
}
