import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serverLines } from './serverLog.ts'
import type { Site } from './Site.ts'

/** Shorter ones could stand anywhere by chance. */
const SHORTEST_SECRET = 16

/** Where a secret of the site stands in plain: in what its servers wrote, or in a row of its database. One sentence each. */
export async function findLeaks(site: Site): Promise<string[]> {
  const secrets = secretsOf(site)
  if (Object.keys(secrets).length === 0) return ['The lab knows no secret of this site to look for.']
  return [...leaksInLines(serverLines(site), secrets), ...(await leaksInDatabase(site, Object.values(secrets)))]
}

/** A sentence for every secret (by its name) that a line contains; the secret itself is not repeated. */
export function leaksInLines(lines: string[], secrets: Record<string, string>): string[] {
  return Object.entries(secrets).flatMap(([name, secret]) => {
    const count = lines.filter((line) => line.includes(secret)).length
    return count === 0 ? [] : [`The ${name} stands in ${count} lines that the servers wrote.`]
  })
}

/** What must be nowhere in plain: the key, the tokens of the numbers, and the secrets of their webhooks. */
function secretsOf(site: Site): Record<string, string> {
  const named: Record<string, string> = {
    key: site.settings['SECRET_KEY'] ?? textOf(join(site.directory, 'secret.key')),
  }
  const users = textOf(join(site.directory, 'sandbox', 'users.json'))
  for (const user of users === '' ? [] : (JSON.parse(users) as { token: string; webhook: string; hmacKey: string }[])) {
    named[`token of number ${Object.keys(named).length}`] = user.token
    named[`signing key of number ${Object.keys(named).length}`] = user.hmacKey
    named[`webhook secret of number ${Object.keys(named).length}`] = user.webhook.split('/').at(-1) ?? ''
  }
  return Object.fromEntries(Object.entries(named).filter(([, secret]) => secret.length >= SHORTEST_SECRET))
}

/** A sentence for every table with a row that holds one of the secrets. */
export async function leaksInDatabase(site: Site, secrets: string[]): Promise<string[]> {
  const patterns = secrets.map((secret) => `%${secret.replace(/[\\%_]/g, '\\$&')}%`)
  return site.inSnapshot(async (ask) => {
    const tables = await ask<{ name: string }>(
      `select quote_ident(table_name) as name from information_schema.tables
      where table_schema = current_schema() and table_type = 'BASE TABLE'`,
      [],
    )
    const leaks: string[] = []
    for (const { name } of tables) {
      const rows = await ask(`select 1 from ${name} as r where r::text like any($1::text[]) limit 1`, [patterns])
      if (rows.length > 0) leaks.push(`A secret stands in plain in the table ${name}.`)
    }
    return leaks
  })
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
}
