import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const FOLDERS = ['contract', 'server', 'scripts', 'bench', 'faults', 'e2e', 'examples']
const CODE = /\.(ts|js|mjs|sql|sh|conf|json)$/
const TESTS = /\.test\.ts$|\.child\.ts$|TestBench\.ts$|\/test\//
const WEAKENED = /\b(fsync|synchronous_commit|full_page_writes)\b['"]?\s*(=|:|to|,)\s*['"]?(off|false|local|no\b)/i
const THROW_AWAY = /durable:\s*false|THROW_AWAY/

/** Of the product and its tools, with their text; tests may throw their clusters away. */
function files(): { path: string; text: string }[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => CODE.test(name) && !name.includes('node_modules'))
      .map((name) => join(folder, name)),
  )
    .filter((path) => !TESTS.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

it('nothing outside tests makes a commit less durable', () => {
  const all = files()
  expect(all.length).toBeGreaterThan(200)
  const weakening = all.filter(({ text }) => WEAKENED.test(text)).map(({ path }) => path)
  // The one place that knows how, for clusters that are made with `durable: false`.
  expect(weakening).toEqual(['server/src/db/embedded/postgresSettings.ts'])
})

it('nothing outside tests makes a cluster that may be thrown away', () => {
  const asking = files().filter(({ text }) => THROW_AWAY.test(text))
  expect(asking.map(({ path }) => path)).toEqual(['server/src/db/embedded/postgresSettings.ts'])
})
