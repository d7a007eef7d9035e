import { spawn } from 'node:child_process'
import { buildWeb } from './buildWeb.ts'
import { findChromium } from './test/findChromium.ts'
import { programEnv, ROOT } from './test/runProgram.ts'

// npm run e2e [-- what Playwright takes]: the browser tests alone, on a freshly built web app.
const browser = await findChromium()
if ('problem' in browser) {
  process.stderr.write(`${browser.problem}\n`)
  process.exit(1)
}
await buildWeb()
const child = spawn(`${ROOT}/node_modules/.bin/playwright`, ['test', ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...programEnv(), ...browser },
})
// Ctrl-C reaches Playwright by itself; it needs us to wait while it stops its server.
process.on('SIGINT', () => undefined)
process.once('SIGTERM', () => child.kill('SIGTERM'))
child.on('close', (code) => (process.exitCode = code ?? 1))
