import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findChromium } from './findChromium.ts'
import { runnerResult, type Result } from './results.ts'
import { runProgram } from './runProgram.ts'

type Report = { stats: { expected: number; unexpected: number; flaky: number; skipped: number } }

/** Runs the browser tests with whatever Chromium works here, and counts what Playwright reports. */
export async function runPlaywright(name: string): Promise<Result> {
  const browser = await findChromium()
  if ('problem' in browser) return runnerResult(name, { code: 1, output: browser.problem, seconds: 0 }, null)
  const directory = await mkdtemp(join(tmpdir(), 'revoada-e2e-report-'))
  try {
    const file = join(directory, 'report.json')
    const env = { ...browser, PLAYWRIGHT_JSON_OUTPUT_NAME: file }
    const run = await runProgram('playwright', ['test', '--reporter=line,json'], env)
    return runnerResult(name, run, await readCounts(file))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** What passed only at the second try counts as failed: it fails some day when somebody waits for it. */
async function readCounts(file: string): Promise<{ passed: number; failed: number; skipped: number } | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return null
  const { expected, unexpected, flaky, skipped } = (JSON.parse(text) as Report).stats
  return { passed: expected, failed: unexpected + flaky, skipped }
}
