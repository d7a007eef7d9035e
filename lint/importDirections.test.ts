import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { findUnknownPlace, findWrongImport } from './importLayers.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const planted = mkdtempSync(join(tmpdir(), 'revoada-lint-'))
afterAll(() => rmSync(planted, { recursive: true, force: true }))

/** Each a file and one line in it that must not pass. */
const WRONG: [from: string, specifier: string][] = [
  ['contract/src/states.ts', '#server/lib/AppError.ts'],
  ['contract/src/states.ts', '../../server/src/lib/AppError.ts'],
  ['server/src/lib/Bell.ts', '#server/db/transaction.ts'],
  ['server/src/db/transaction.ts', '../audit/AuditLogger.ts'],
  ['server/src/campaigns/campaignQueries.ts', '#server/dispatch/LaneRunner.ts'],
  ['server/src/dispatch/LaneRunner.ts', '#server/receipts/hookRoutes.ts'],
  ['server/src/audit/AuditLogger.ts', '#server/config.ts'],
  ['server/src/reports/totals.ts', '#server/http/app.ts'],
  ['server/src/http/app.ts', '#server/openStore.ts'],
  ['server/src/openStore.ts', '#server/compose.ts'],
  ['server/src/compose.ts', './main.ts'],
  ['server/src/sandbox/users.ts', '#server/db/transaction.ts'],
  ['server/src/channels/sandboxProcess.ts', '../sandbox/main.ts'],
  ['server/src/dispatch/LaneRunner.ts', '#server/test/builders.ts'],
  ['server/src/http/app.ts', './testApp.ts'],
  ['server/src/db/migrate.ts', './embedded/embeddedTestBench.ts'],
  ['server/src/http/app.ts', '../../../scripts/buildWeb.ts'],
  ['server/src/http/app.ts', '../../../web/src/lib/theme.ts'],
  ['server/src/http/app.test.ts', '../../../web/src/lib/theme.ts'],
  ['web/src/lib/theme.ts', '#server/lib/Bell.ts'],
  ['web/src/lib/theme.ts', '../../../server/src/lib/Bell.ts'],
  ['web/src/ui/Button.tsx', '../lib/theme.ts'],
  ['web/src/lib/theme.ts', '../features/auth/api/getMe.ts'],
  ['web/src/features/auth/api/getMe.ts', '../../channels/api/listChannels.ts'],
  ['web/src/features/auth/api/getMe.ts', '../../../app/router.tsx'],
  // A folder that nobody has heard of neither imports nor is imported.
  ['server/src/billing/prices.ts', '#server/lib/Bell.ts'],
  ['server/src/http/app.ts', '#server/billing/prices.ts'],
]

const RIGHT: [from: string, specifier: string][] = [
  ['contract/src/campaigns.ts', './states.ts'],
  ['contract/src/campaigns.ts', 'zod'],
  ['server/src/lib/AppError.ts', '#contract/errors.ts'],
  ['server/src/dispatch/LaneRunner.ts', '#server/channels/gateways/Gateway.ts'],
  ['server/src/dispatch/LaneRunner.ts', './QueueManager.ts'],
  ['server/src/http/app.ts', '#server/config.ts'],
  ['server/src/main.ts', './compose.ts'],
  ['server/src/sandbox/users.ts', '#server/lib/logger.ts'],
  ['server/src/auth/auth.test.ts', '#server/http/testApp.ts'],
  ['server/src/auth/auth.test.ts', '#server/test/testDatabase.ts'],
  ['server/src/http/testApp.ts', '#server/test/testDatabase.ts'],
  ['server/src/dispatch/dispatchTestBench.ts', '#server/sandbox/testSandbox.ts'],
  ['server/src/test/builders.ts', '#server/channels/channelQueries.ts'],
  ['web/src/features/auth/api/getMe.ts', '#contract/auth.ts'],
  ['web/src/features/auth/api/getMe.ts', '../../../lib/apiClient.ts'],
  ['web/src/app/router.tsx', '../features/auth/api/getMe.ts'],
  ['web/src/lib/theme.test.ts', '../../test/render.tsx'],
  ['scripts/demo.ts', '#server/compose.ts'],
]

describe('imports', () => {
  test.each(WRONG)('%s must not import %s', (from, specifier) => {
    const found = findWrongImport({ from, specifier, typeOnly: false }) ?? findUnknownPlace(from)
    expect(found).toMatch(/^[^\n]+\.$/)
  })

  test.each(RIGHT)('%s may import %s', (from, specifier) => {
    expect(findWrongImport({ from, specifier, typeOnly: false })).toBeNull()
    expect(findUnknownPlace(from)).toBeNull()
  })

  test('only Database takes types, and only types, from the domains', () => {
    const specifier = '#server/audit/auditTables.ts'
    expect(findWrongImport({ from: 'server/src/db/Database.ts', specifier, typeOnly: true })).toBeNull()
    expect(findWrongImport({ from: 'server/src/db/Database.ts', specifier, typeOnly: false })).not.toBeNull()
    expect(findWrongImport({ from: 'server/src/db/transaction.ts', specifier, typeOnly: true })).not.toBeNull()
  })
})

describe('places', () => {
  test.each(['server/src/billing/prices.ts', 'server/src/helpers.ts', 'web/src/store/state.ts'])(
    '%s is asked where it stands',
    (file) => {
      expect(findUnknownPlace(file)).toContain('importLayers.ts')
    },
  )

  test('every folder of the server and of the web app has its layer', () => {
    for (const source of ['server/src', 'web/src']) {
      for (const entry of readdirSync(join(ROOT, source), { withFileTypes: true })) {
        const file = entry.isDirectory() ? `${entry.name}/x.ts` : entry.name
        expect(findUnknownPlace(`${source}/${file}`), entry.name).toBeNull()
      }
    }
  })
})

test('the linter itself finds every form of a planted wrong import, and nothing in the right ones', () => {
  plant('server/src/lib/a.ts', "import { x } from '#server/db/x.ts'\nx()\n")
  plant('server/src/lib/b.ts', "export { x } from '../db/x.ts'\n")
  plant('server/src/lib/c.ts', "export * from '../db/x.ts'\n")
  plant('server/src/lib/d.ts', "await import('../db/x.ts')\n")
  plant('server/src/lib/e.ts', "export type T = import('../db/x.ts').T\n")
  plant('server/src/billing/f.ts', 'export const price = 1\n')
  plant('web/src/features/auth/g.tsx', "import { y } from '../campaigns/y.ts'\ny()\n")
  plant(
    'server/src/db/fine.ts',
    "import { z } from '#server/lib/z.ts'\nimport { readFile } from 'node:fs'\nreadFile(z, z)\n",
  )
  expect(lint()).toEqual([
    'server/src/billing/f.ts',
    'server/src/lib/a.ts',
    'server/src/lib/b.ts',
    'server/src/lib/c.ts',
    'server/src/lib/d.ts',
    'server/src/lib/e.ts',
    'web/src/features/auth/g.tsx',
  ])
})

function plant(file: string, text: string): void {
  mkdirSync(dirname(join(planted, file)), { recursive: true })
  writeFileSync(join(planted, file), text)
}

/** The files of the planted tree in which the project's own configuration finds wrong imports. */
function lint(): string[] {
  const args = ['-c', join(ROOT, '.oxlintrc.json'), '-f', 'json', 'server', 'web']
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/oxlint'), args, { cwd: planted, encoding: 'utf8' })
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] }
  const found = diagnostics.filter(({ code }) => code.includes('import-directions')).map(({ filename }) => filename)
  return [...new Set(found)].sort()
}
