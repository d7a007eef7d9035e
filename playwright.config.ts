import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig, devices } from '@playwright/test'
import { freePort } from './e2e/freePort.ts'
import { launchOptions } from './e2e/launchOptions.ts'

// Playwright reads this file again in each of its processes; all must mean the same port and place.
process.env['E2E_PORT'] ??= String(await freePort())
// The server makes it and takes it away again; the tests read the sandbox's ledger in it.
process.env['E2E_DIRECTORY'] ??= join(tmpdir(), `revoada-e2e-${randomUUID()}`)
const baseURL = `http://127.0.0.1:${process.env['E2E_PORT']}`

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // One product, one account: the tests follow each other as a person's days do.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: process.env['CI'] !== undefined,
  // axe looks at a page four times, each some seconds on a busy machine.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: 'list',
  use: {
    ...devices['Desktop Chrome'],
    baseURL,
    locale: 'pt-BR',
    timezoneId: 'America/Sao_Paulo',
    trace: 'retain-on-failure',
    launchOptions: launchOptions(process.env),
  },
  projects: [
    { name: 'first run', testMatch: 'setup.spec.ts' },
    { name: 'the app', testIgnore: 'setup.spec.ts', dependencies: ['first run'] },
  ],
  webServer: {
    command: `"${process.execPath}" e2e/server.ts`,
    url: `${baseURL}/api/health/ready`,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 15_000 },
    stderr: 'pipe',
  },
})
