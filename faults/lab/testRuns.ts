import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { check } from './check.ts'
import type { Lab, Numbers } from './Lab.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

type VitestReport = { testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[] }
type PlaywrightReport = { stats: { expected: number; unexpected: number; flaky: number; skipped: number } }

/** Runs the server's tests whose path begins with one of `files`, below `server/src`; every test with how it ended. */
export async function runServerTests(
  report: string,
  files: string[],
  env: Record<string, string> = {},
): Promise<Map<string, string>> {
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
  const options = ['run', '--project', 'server', '--reporter=json', `--outputFile=${report}`]
  await runToEnd([vitest, ...options, ...files.map((file) => `server/src/${file}`)], env)
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as VitestReport
  return new Map(
    testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ fullName, status }) => [`${name.slice(ROOT.length)} ${fullName}`, status] as const),
    ),
  )
}

/** Those that did not pass, with how they ended instead. */
export function notPassed(tests: Map<string, string>): string[] {
  return [...tests].filter(([, status]) => status !== 'passed').map(([name, status]) => `${name} (${status})`)
}

/** A case that the server's own tests show: all of `files` pass, none is skipped. */
export function shownByServerTests(...files: string[]): (lab: Lab) => Promise<Numbers> {
  return async (lab) => {
    const tests = await runServerTests(join(lab.directory, 'tests.json'), files)
    const bad = notPassed(tests)
    check(bad.length === 0, `Failed or skipped: ${bad.slice(0, 5).join('; ')}.`)
    check(tests.size > 0, 'No test ran.')
    return { [`tests in ${files.join(', ')}`]: tests.size, 'failed or skipped': 0 }
  }
}

/** The same for tests in a real browser, on a web app that is built first. */
export function shownByBrowserTests(file: string): (lab: Lab) => Promise<Numbers> {
  return async (lab) => {
    const report = join(lab.directory, 'browser.json')
    await runToEnd(['scripts/e2e.ts', file, '--reporter=json'], { PLAYWRIGHT_JSON_OUTPUT_FILE: report })
    const { stats } = JSON.parse(readFileSync(report, 'utf8')) as PlaywrightReport
    check(stats.unexpected + stats.flaky + stats.skipped === 0, `Failed, flaky or skipped: ${JSON.stringify(stats)}.`)
    check(stats.expected > 0, 'No test ran.')
    return { [`tests in ${file}, with the first run before them`]: stats.expected, 'failed or skipped': 0 }
  }
}

function runToEnd(args: string[], env: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: 'ignore' })
  return new Promise((resolve) => void child.once('exit', () => resolve()))
}
