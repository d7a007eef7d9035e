import pg from 'pg'

/** A sentence for people: what was asked for is not possible, and nothing was changed. */
export class TransferRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'TransferRefused'
  }
}

/** Both sides must write values alike, or their sums would differ; and no statement may be cut short. */
const SETTINGS = {
  timezone: 'UTC',
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  search_path: 'public',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
}

/** Does `work` on one connection, which is closed afterwards, and with it whatever was not committed. */
export async function withSession<T>(config: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...config, application_name: 'revoada-transfer', keepAlive: true })
  // Told to whoever waits for a query, too.
  client.on('error', () => undefined)
  await client.connect()
  try {
    for (const [name, value] of Object.entries(SETTINGS)) await client.query(`set ${name} = '${value}'`)
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** All that `work` reads is of one moment, whatever others write meanwhile. */
export function inSnapshot<T>(config: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return withSession(config, async (client) => {
    await client.query('begin isolation level repeatable read read only')
    return work(client)
  })
}
