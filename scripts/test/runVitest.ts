import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runnerResult, type Result } from './results.ts'
import { runProgram } from './runProgram.ts'

type Assertion = { status: string }
type File = { status: string; assertionResults: Assertion[] }
type Report = { testResults: File[] }

/** Runs one project of `vitest.config.ts` and counts what it reports. */
export async function runVitest(name: string, project: string): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'revoada-vitest-'))
  try {
    const file = join(directory, 'report.json')
    const args = ['run', '--project', project, '--reporter=dot', '--reporter=json', `--outputFile.json=${file}`]
    const run = await runProgram('vitest', args)
    return runnerResult(name, run, await readCounts(file))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function readCounts(file: string): Promise<{ passed: number; failed: number; skipped: number } | null> {
  const text = await readFile(file, 'utf8').catch(() => null)
  return text === null ? null : countReport(JSON.parse(text) as Report)
}

/** A file that cannot even be loaded has no tests to fail, so it counts as one; `skipped` is todo and pending too. */
export function countReport({ testResults }: Report): { passed: number; failed: number; skipped: number } {
  const tests = testResults.flatMap((file) => file.assertionResults)
  const passed = tests.filter(({ status }) => status === 'passed').length
  const failed = tests.filter(({ status }) => status === 'failed').length
  const unloadable = testResults.filter(isUnloadable).length
  return { passed, failed: failed + unloadable, skipped: tests.length - passed - failed }
}

function isUnloadable({ status, assertionResults }: File): boolean {
  return status === 'failed' && !assertionResults.some((test) => test.status === 'failed')
}
