import { defineConfig } from 'vitest/config'

// On somebody else's PostgreSQL only what asks it anything is worth a second run.
const SERVER_TESTS =
  process.env['TEST_DATABASE_URL'] === undefined
    ? { include: ['{contract,server,scripts,lint,faults}/**/*.test.ts'] }
    : {
        include: ['server/**/*.test.ts'],
        exclude: ['server/src/db/embedded/**', 'server/src/sandbox/**', '**/node_modules/**'],
      }

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'server',
          environment: 'node',
          env: { TZ: 'UTC' },
          ...SERVER_TESTS,
          globalSetup: ['server/src/test/globalSetup.ts'],
          // Each file has a database and often a server of its own: more at once than cores only makes all of them late.
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      'web/vitest.config.ts',
    ],
  },
})
