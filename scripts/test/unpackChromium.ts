import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from './runProgram.ts'

export type Unpacked = { program: string; libraries: string; fonts: string }

/**
 * Unpacks the Chromium that npm brought (200 MB, once) below `.cache`, with the libraries and fonts that a bare system
 * lacks. Null where there is none: it is for Linux x64 only.
 */
export async function unpackChromium(): Promise<Unpacked | null> {
  const packageFolder = join(ROOT, 'node_modules/@sparticuz/chromium')
  const manifest = await readFile(join(packageFolder, 'package.json'), 'utf8').catch(() => null)
  if (manifest === null || process.platform !== 'linux' || process.arch !== 'x64') return null
  const { version } = JSON.parse(manifest) as { version: string }
  const folder = join(ROOT, '.cache', `chromium-${version}`)
  if (!(await isThere(folder))) await unpackInto(folder, join(packageFolder, 'bin'))
  return { program: join(folder, 'chromium'), libraries: join(folder, 'al2023/lib'), fonts: join(folder, 'fonts') }
}

/** Elsewhere first, then renamed: what is cut off must not look complete to the next run. */
async function unpackInto(folder: string, archives: string): Promise<void> {
  await mkdir(join(ROOT, '.cache'), { recursive: true })
  const building = await mkdtemp(`${folder}-`)
  // The package unpacks into the system's temporary folder and trusts what it finds there; so it gets one of its own.
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = building
  try {
    const { default: chromium, inflate } = await import('@sparticuz/chromium')
    await chromium.executablePath(archives)
    await inflate(join(archives, 'al2023.tar.br'))
    await rename(building, folder)
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    await rm(building, { recursive: true, force: true })
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
