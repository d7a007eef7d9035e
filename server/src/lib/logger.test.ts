import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

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
  it('has no secret in its fields, its sentences, its errors nor its children', async () => {
    const { lines, text } = await linesOf(`
      const deep = { a: { b: { c: [{ d: { token: 'CANARY1', authorization: 'CANARY2', shown: 1 } }] } } }
      log.info(deep, 'connect postgres://revoada:CANARY3@db/x failed')
      log.child({ cookie: 'CANARY4', request: deep }).warn('GET /x?token=CANARY5')
      log.error(new Error('outer', { cause: Object.assign(new Error('Bearer CANARY6'), { headers: ['token', 'CANARY7'] }) }))
      log.error({ err: new AggregateError([new Error('password: CANARY8')], 'both') }, 'failed %s', 'secret=CANARY9')
      log.info({ phone: '5511987654321', to: 'x' }, 'sent to +55 11 98765-4321')
    `)
    expect(text).not.toContain('CANARY')
    expect(text).not.toContain('98765')
    expect(lines.map((line) => line['msg'])).toEqual([
      'connect postgres://[redacted]@db/x failed',
      'GET /x?token=[redacted]',
      'outer',
      'failed secret=[redacted]',
      'sent to +•• •• •••••-4321',
    ])
    expect(lines[0]).toMatchObject({ a: { b: { c: [{ d: { token: '[redacted]', shown: 1 } }] } } })
    expect(lines[2]).toMatchObject({
      err: { type: 'Error', message: 'outer', cause: { headers: ['token', '[redacted]'] } },
    })
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
