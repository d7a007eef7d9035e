import { checkResult, printResult, type Result } from './results.ts'
import { runProgram } from './runProgram.ts'

/** Named one by one: without names the linter also walks through what is no source, and its type-aware half crashed there. */
const LINTED = ['contract', 'server', 'web', 'scripts', 'e2e', 'lint', 'faults', 'bench']

/** Format, lint and types, side by side; each is printed as soon as it is done. */
export function runChecks(): Promise<Result[]> {
  return Promise.all([
    check('format', 'oxfmt', ['--check', '.']),
    check('lint', 'oxlint', ['--type-aware', '--deny-warnings', ...LINTED]),
    check('types of the server', 'tsc', ['-p', 'tsconfig.json']),
    check('types of the web app', 'tsc', ['-p', 'web/tsconfig.json']),
    check('types of the browser tests', 'tsc', ['-p', 'e2e/tsconfig.json']),
  ])
}

async function check(name: string, program: string, args: string[]): Promise<Result> {
  const result = checkResult(name, await runProgram(program, args))
  printResult(result)
  return result
}
