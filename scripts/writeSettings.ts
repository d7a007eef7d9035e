import { writeFile } from 'node:fs/promises'
import { flagOf, SETTINGS } from '#server/config.ts'

export const SETTINGS_PAGE = new URL('../docs/settings.md', import.meta.url)

/** The text of `docs/settings.md`, written from the table in `server/src/config.ts`. */
export function settingsPage(): string {
  const rows = Object.values(SETTINGS).map(({ name, default: fallback, about, secret }) => {
    const option = secret ? '' : `\`${flagOf(name)}\``
    const shown = fallback === null || fallback === '' ? '' : `\`${fallback}\``
    return `| \`${name}\` | ${option} | ${shown} | ${about} |`
  })
  return [
    '# Settings',
    '',
    'Set them in the environment, or as an option of the command line, which wins. Secrets are accepted from the',
    'environment only. A wrong value or an unknown option stops the start with the full list of what is wrong.',
    '',
    'This page is written from `server/src/config.ts` by `node scripts/writeSettings.ts` (Node 24).',
    '',
    '| name | option | default | what it does |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

if (import.meta.main) await writeFile(SETTINGS_PAGE, settingsPage())
