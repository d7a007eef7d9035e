import { spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { launchOptions } from '../../e2e/launchOptions.ts'
import { unpackChromium } from './unpackChromium.ts'

/** What `playwright.config.ts` reads: the program, and where its libraries and fonts are when the system lacks them. */
export type Chromium = { CHROMIUM: string; CHROMIUM_LIBRARIES?: string; CHROMIUM_FONTS?: string }
export type NoChromium = { problem: string }

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
/** A cold start on a busy machine took 6 s. */
const START_TIMEOUT_MS = 60_000
const APT_TIMEOUT_MS = 600_000
const THREE_WAYS =
  'No Chromium starts here: set CHROMIUM to one, or install your system\'s package "chromium", or run "npx playwright install --with-deps chromium".'

/**
 * A Chromium that has been seen to work here: $CHROMIUM, else the system's, else Playwright's own download, else the one
 * from npm; else, as root on Debian, it installs the system's. Or one sentence with the ways to get one.
 */
export async function findChromium(): Promise<Chromium | NoChromium> {
  const given = process.env['CHROMIUM']
  if (given !== undefined && given !== '') {
    const candidate = { CHROMIUM: given }
    return (await works(candidate)) ? candidate : { problem: `CHROMIUM is set to ${given}, which does not start.` }
  }
  for (const list of [inPath, fromPlaywright, fromNpm]) {
    const found = await firstWorking(await list())
    if (found !== null) return found
  }
  if (await installFromDebian()) {
    const found = await firstWorking(await inPath())
    if (found !== null) return found
  }
  return { problem: THREE_WAYS }
}

async function firstWorking(candidates: Chromium[]): Promise<Chromium | null> {
  for (const candidate of candidates) if (await works(candidate)) return candidate
  return null
}

async function inPath(): Promise<Chromium[]> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder))
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  const there = await Promise.all(paths.map(isExecutable))
  return paths.filter((_, index) => there[index]).map((path) => ({ CHROMIUM: path }))
}

async function fromPlaywright(): Promise<Chromium[]> {
  const { chromium } = await import('@playwright/test')
  const path = chromium.executablePath()
  return (await isExecutable(path)) ? [{ CHROMIUM: path }] : []
}

/** With the libraries it carries for bare systems second: those of the system fit better when there. */
async function fromNpm(): Promise<Chromium[]> {
  const unpacked = await unpackChromium()
  if (unpacked === null) return []
  const { program, libraries, fonts } = unpacked
  return [{ CHROMIUM: program }, { CHROMIUM: program, CHROMIUM_LIBRARIES: libraries, CHROMIUM_FONTS: fonts }]
}

/** Started for real: a program that is there may lack its libraries, or a kernel feature, and says so only then. */
async function works(candidate: Chromium): Promise<boolean> {
  const { chromium } = await import('@playwright/test')
  try {
    const browser = await chromium.launch({ ...launchOptions({ ...candidate }), timeout: START_TIMEOUT_MS })
    try {
      const page = await browser.newPage()
      await page.goto('data:text/html,<title>works</title>')
      return (await page.title()) === 'works'
    } finally {
      await browser.close()
    }
  } catch {
    return false
  }
}

async function installFromDebian(): Promise<boolean> {
  if (process.getuid?.() !== 0 || !(await isExecutable('/usr/bin/apt-get'))) return false
  process.stderr.write("No Chromium here; installing Debian's (about 110 MB) …\n")
  const install = ['install', '-y', '--no-install-recommends', 'chromium']
  return (await apt(['update', '-q'])) && (await apt(install))
}

function apt(args: string[]): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: APT_TIMEOUT_MS,
    })
    child.on('error', () => done(false))
    child.on('close', (code) => done(code === 0))
  })
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
