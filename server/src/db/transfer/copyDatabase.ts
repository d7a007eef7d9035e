import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from, to } from 'pg-copy-streams'
import type { ConnectionSettings } from '../openDatabase.ts'
import { fillTarget, type Moved } from './fillTarget.ts'
import { inSnapshot, TransferRefused } from './session.ts'
import { copyIn, copyOut, listApplied, listSequences, listTables, measure } from './tables.ts'

/**
 * Copies one database into an empty other one, as it is at one moment: rows by COPY, table by table, sequences, counts
 * and sums compared. The source may be in use. Nothing is in the target until everything is. Throws TransferRefused.
 */
export function copyDatabase(
  source: ConnectionSettings,
  target: ConnectionSettings,
  options: { tell: (line: string) => void; inspect: (client: pg.Client) => Promise<void> },
): Promise<Moved> {
  return inSnapshot(source, async (reader) => {
    const migrations = await requireSchema(reader)
    const tables = await listTables(reader)
    return fillTarget(
      target,
      {
        migrations,
        load: async (writer, accept) => {
          for (const table of tables) {
            await accept(table, async () => {
              await pipeline(reader.query(to(copyOut(table))), writer.query(from(copyIn(table))))
              return measure(reader, table)
            })
            options.tell(table.name)
          }
          return listSequences(reader)
        },
      },
      options.inspect,
    )
  })
}

/** The migrations of a source. Throws TransferRefused when it is no database of the product. */
export async function requireSchema(client: pg.Client): Promise<string[]> {
  const migrations = await listApplied(client)
  if (migrations === null) throw new TransferRefused('The source is no database of Revoada.')
  return migrations
}
