import { runChecks } from './test/checks.ts'
import { exitCodeOf, sum } from './test/results.ts'

// npm run check: format, lint and types, the fast part of npm test.
process.exitCode = exitCodeOf(sum(await runChecks()))
