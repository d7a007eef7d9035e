import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

const run = promisify(execFile)
const DEMO_TIMEOUT_MS = 180_000
const EXAMPLE = 'examples/contatos.csv'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'revoada-demo-test-'))
})
afterAll(async () => rm(directory, { recursive: true, force: true }))

it(
  'the demo balances its books, and a recount that shares no code with the product agrees',
  async () => {
    const [books, ledger] = [join(directory, 'books.csv'), join(directory, 'ledger.jsonl')]
    const demo = await run(process.execPath, ['scripts/demo.ts', '--exit', '--export', books, '--ledger', ledger], {
      timeout: DEMO_TIMEOUT_MS,
    })
    const verdict = JSON.parse(demo.stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, number | boolean>
    expect(verdict).toMatchObject({ ok: true, skipped: 0, unknown: 0 })
    expect(verdict['chosen']).toBe(Number(verdict['sent']) + Number(verdict['failed']))
    expect(verdict['ledger']).toBe(verdict['sent'])
    expect(verdict['failed']).toBeGreaterThan(0)

    const source = await readFile('scripts/recount.mjs', 'utf8')
    expect(source).not.toMatch(/from '(?:\.|#)/)
    const files = ['--file', EXAMPLE, '--country', 'BR', '--export', books, '--ledger', ledger]
    const recount = JSON.parse((await run(process.execPath, ['scripts/recount.mjs', ...files])).stdout) as Record<
      string,
      unknown
    >
    expect(recount).toMatchObject({
      ok: true,
      rows: 5000,
      recipients: verdict['chosen'],
      accepted: verdict['sent'],
      ledgerIds: verdict['ledger'],
    })
  },
  DEMO_TIMEOUT_MS,
)

it('a file that is not there stops the demo with its name', async () => {
  const missing = join(directory, 'missing.csv')
  await expect(run(process.execPath, ['scripts/demo.ts', '--exit', '--file', missing])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^There is no file .*missing\.csv/) as string,
  })
})
