import { access } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Builds the web app when it is not there yet; a second at most, and nothing when it is. */
export async function buildWebIfMissing(): Promise<void> {
  const built = await access(`${ROOT}/web/dist/index.html`).then(
    () => true,
    () => false,
  )
  if (built) return
  process.stderr.write('Building the web app …\n')
  await buildWeb()
}

/** Builds the web app from its sources as they are now. */
export async function buildWeb(): Promise<void> {
  const { build } = await import('vite')
  await build({ root: `${ROOT}/web`, logLevel: 'error' })
}
