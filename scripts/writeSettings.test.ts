import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { SETTINGS_PAGE, settingsPage } from './writeSettings.ts'

test('docs/settings.md says what config.ts says', async () => {
  expect(await readFile(SETTINGS_PAGE, 'utf8')).toBe(settingsPage())
})
