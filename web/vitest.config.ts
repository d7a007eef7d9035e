import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { firstTexts } from './firstTexts.ts'
import { TEXT_ALIASES } from './textAliases.ts'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [firstTexts(), react()],
  resolve: { alias: TEXT_ALIASES },
  test: {
    name: 'web',
    environment: 'jsdom',
    env: { TZ: 'UTC' },
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['test/setup.ts'],
    testTimeout: 15_000,
  },
})
