import { runChecks } from './test/checks.ts'
import { checkResult, countsLine, exitCodeOf, printResult, sum, type Result } from './test/results.ts'
import { runPlaywright } from './test/runPlaywright.ts'
import { runProgram } from './test/runProgram.ts'
import { runVitest } from './test/runVitest.ts'

// npm test: everything, one part after the other (two cores are soon busy), the last line says how many.
// `--only server` runs that one part, for .ci/run, which repeats it on another PostgreSQL.
const PARTS: Record<string, () => Promise<Result>> = {
  server: () => runVitest('server tests', 'server'),
  web: () => runVitest('web tests', 'web'),
  build: async () =>
    checkResult('build of the web app', await runProgram('vite', ['build', 'web', '--logLevel', 'warn'])),
  browser: () => runPlaywright('browser tests'),
}

const only = process.argv[2] === '--only' ? (process.argv[3] ?? '') : null
if (only !== null && !(only in PARTS)) throw new Error(`--only takes one of: ${Object.keys(PARTS).join(', ')}`)

const results: Result[] = only === null ? await runChecks() : []
for (const [name, run] of Object.entries(PARTS)) {
  if (only !== null && only !== name) continue
  const result = await run()
  printResult(result)
  results.push(result)
}
const total = sum(results)
process.exitCode = exitCodeOf(total)
process.stdout.write(`${countsLine(total)}\n`)
