import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'server',
          environment: 'node',
          env: { TZ: 'UTC' },
          include: ['{contract,server,scripts,lint,faults}/**/*.test.ts'],
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
