import type { LaunchOptions } from '@playwright/test'

/** Nothing in the browser may speak to the outside by itself, nor wait for hardware that a server lacks. */
const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

type Environment = Readonly<Record<string, string | undefined>>

/** How to start the Chromium that `scripts/test/findChromium.ts` chose. */
export function launchOptions(env: Environment): LaunchOptions {
  const { CHROMIUM, CHROMIUM_LIBRARIES, CHROMIUM_FONTS } = env
  return {
    args: QUIET,
    // Chromium refuses its sandbox to root.
    chromiumSandbox: process.getuid?.() !== 0,
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    ...(CHROMIUM_LIBRARIES === undefined
      ? {}
      : { env: { ...process.env, LD_LIBRARY_PATH: CHROMIUM_LIBRARIES, FONTCONFIG_PATH: CHROMIUM_FONTS } }),
  }
}
