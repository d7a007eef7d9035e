import pg from 'pg'
import type { Site } from './Site.ts'

/** Writes into the database of an external site behind the product's back. */
export async function update(site: Site, text: string, values: unknown[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: site.settings['DATABASE_URL'] })
  await client.connect()
  try {
    await client.query(text, values)
  } finally {
    await client.end()
  }
}
