import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { maskPhone } from './logger.ts'

const run = promisify(execFile)
const LOGGER = fileURLToPath(new URL('./logger.ts', import.meta.url))

/** The arguments for a process of its own that logs. */
function programOf(script: string): string[] {
  const source = `import { createLogger } from ${JSON.stringify(LOGGER)}; const log = createLogger({ level: 'info' }); ${script}`
  return ['--input-type=module-typescript', '--no-warnings', '-e', source]
}

/** What a process of its own writes: the logger goes to the real standard error. */
async function linesOf(script: string): Promise<{ stdout: string; lines: Record<string, unknown>[]; text: string }> {
  const { stdout, stderr } = await run(process.execPath, programOf(script))
  const lines = stderr.split('\n').filter(Boolean)
  return { stdout, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>), text: stderr }
}

describe('the log', () => {
  it('hides secrets by the name of their field, down to the third level', async () => {
    const { lines, text } = await linesOf(`
      const secrets = { token: 'CANARY1', password: 'CANARY2', authorization: 'CANARY3', cookie: 'CANARY4', hmacKey: 'CANARY5',
        webhookKey: 'CANARY6', secret: 'CANARY7', 'set-cookie': 'CANARY8' }
      log.info({ ...secrets, shown: 1 }, 'top')
      log.info({ channel: secrets }, 'one down')
      log.info({ request: { headers: secrets } }, 'two down')
      log.child({ channelId: 'c' }).warn(secrets, 'child')
    `)
    expect(lines.map((line) => line['msg'])).toEqual(['top', 'one down', 'two down', 'child'])
    expect(lines[0]).toMatchObject({ token: '[redacted]', shown: 1 })
    expect(text).not.toContain('CANARY')
  })

  it('never throws at whoever logs, whatever the object does', async () => {
    const { lines } = await linesOf(
      `log.error({ err: { get message() { throw new Error('no') } } }, 'lost'); log.info('the next')`,
    )
    expect(lines.at(-1)?.['msg']).toBe('the next')
  })

  it('writes one line of JSON each to standard error, whatever stands in the text', async () => {
    const { lines, stdout } = await linesOf(
      String.raw`log.info({ name: 'a\nb\u001b[31m' }, 'two\nlines'); log.debug('not shown')`,
    )
    expect(stdout).toBe('')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ name: 'a\nb\u001b[31m', msg: 'two\nlines' })
    expect(String(lines[0]?.['time'])).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })
})

describe('a log that cannot be written', () => {
  const LOG_ALL_THE_TIME = `
    const timer = setInterval(() => log.info({ filler: 'x'.repeat(5000) }, 'line'), 1)
    setTimeout(() => { clearInterval(timer); process.exit(7) }, 300)`

  it('does not end the process when nobody reads it any more', async () => {
    const child = spawn(process.execPath, programOf(LOG_ALL_THE_TIME), { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.once('data', () => child.stderr.destroy())
    expect(await once(child, 'exit')).toEqual([7, null])
  })

  it.runIf(existsSync('/dev/full'))('does not end the process when its disk is full', async () => {
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, programOf(LOG_ALL_THE_TIME), { stdio: ['ignore', 'ignore', full] })
    closeSync(full)
    expect(await once(child, 'exit')).toEqual([7, null])
  })
})

it.each([
  ['+5511987654321', '+•••••••••4321'],
  ['11 98765-4321', '•• •••••-4321'],
  ['4321', '4321'],
  ['', ''],
])('of the phone %j only the last four digits are shown: %j', (phone, shown) => {
  expect(maskPhone(phone)).toBe(shown)
})
