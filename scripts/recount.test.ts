import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTable } from '#server/contacts/csv/readTable.ts'
import { nothingPrepared, prepareRows } from '#server/contacts/prepareRows.ts'
import { makeSample } from './makeSampleContacts.ts'

const SCRIPT = fileURLToPath(new URL('./recount.mjs', import.meta.url))
const SAMPLE = fileURLToPath(new URL('../examples/contatos.csv', import.meta.url))

type Recipient = { phone: string; status: string; messageId: string | null }
type Accepted = { number: string; messageId: string }
type Summary = {
  ok: boolean
  rows: number
  recipients: number
  differences: Record<string, { count: number; first: string[] }>
}

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'revoada-recount-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

async function recount(input: string, recipients: Recipient[], accepted: Accepted[], format: 'csv' | 'jsonl' = 'csv') {
  const paths = { file: input, export: join(directory, 'export'), ledger: join(directory, 'ledger') }
  const csv = [
    'phone;name;status;messageId;errorCategory;errorCode',
    ...recipients.map((r) => `${r.phone};"a;b";${r.status};${r.messageId ?? ''};;`),
  ]
  const jsonLines = recipients.map((recipient) => JSON.stringify(recipient))
  await writeFile(paths.export, (format === 'csv' ? csv : jsonLines).join('\r\n'))
  const lines = accepted.flatMap(({ number, messageId }) => [
    { t: 1, kind: 'read', user: 'u', number, messageId },
    { t: 2, kind: 'accepted', user: 'u', number, messageId, verdict: 'sent' },
  ])
  await writeFile(paths.ledger, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return run(['--file', paths.file, '--country', 'BR', '--export', paths.export, '--ledger', paths.ledger])
}

function run(args: string[]): Promise<{ code: number; summary: Summary }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [SCRIPT, ...args], { maxBuffer: 1e7 }, (_, stdout) => {
      resolve({
        code: child.exitCode ?? -1,
        summary: stdout === '' ? ({} as Summary) : (JSON.parse(stdout) as Summary),
      })
    })
  })
}

async function small(lines: string[]): Promise<string> {
  const path = join(directory, 'small.csv')
  await writeFile(path, `nome;telefone\n${lines.join('\n')}\n`)
  return path
}

const ANA = { phone: '+5511987654321', status: 'sent', messageId: 'A' }
const BIA = { phone: '+552132321234', status: 'delivered', messageId: 'B' }
const CAIO = { phone: '+351912345678', status: 'failed', messageId: null }
const LINES = [
  'Ana;11 8765-4321',
  'Ana;+55 (11) 98765-4321',
  'Bia;(021) 3232-1234 / 5',
  'Caio;+351 912 345 678',
  'Nada;',
  'Excel;5,5E+12',
  'Curto;123',
]
const LEDGER = [
  { number: '5511987654321', messageId: 'A' },
  { number: '552132321234', messageId: 'B' },
]

describe('books that agree', () => {
  it.each(['csv', 'jsonl'] as const)('end 0, export as %s', async (format) => {
    const { code, summary } = await recount(await small(LINES), [ANA, BIA, CAIO], LEDGER, format)
    expect(summary).toMatchObject({
      ok: true,
      rows: 7,
      expected: 3,
      recipients: 3,
      accepted: 2,
      ledgerIds: 2,
      differences: {},
    })
    expect(code).toBe(0)
  })

  it('end 0 when the gateway knows that an unknown message left', async () => {
    expect((await recount(await small(LINES), [ANA, { ...BIA, status: 'unknown' }, CAIO], LEDGER)).code).toBe(0)
  })
})

describe('books that disagree end 1 and name the difference', () => {
  const wrong: [kind: string, recipients: Recipient[], accepted: Accepted[]][] = [
    ['missingFromExport', [ANA, BIA], LEDGER],
    ['exportedTwice', [ANA, ANA, BIA, CAIO], LEDGER],
    ['notCanonical', [{ ...ANA, phone: '+551187654321' }, BIA, CAIO], LEDGER],
    ['inventedRecipient', [ANA, BIA, CAIO, { phone: '+5511911112222', status: 'failed', messageId: null }], LEDGER],
    ['unknownState', [ANA, BIA, { ...CAIO, status: 'lost' }], LEDGER],
    ['twoMessageIds', [ANA, BIA, CAIO], [...LEDGER, { number: '5511987654321', messageId: 'C' }]],
    ['oneIdForTwo', [ANA, BIA, CAIO], [...LEDGER, { number: '351912345678', messageId: 'A' }]],
    ['acceptedButNobody', [ANA, BIA, CAIO], [...LEDGER, { number: '5511911112222', messageId: 'C' }]],
    ['acceptedButNotSent', [ANA, { ...BIA, status: 'failed' }, CAIO], LEDGER],
    ['sentButNotInLedger', [ANA, BIA, { ...CAIO, status: 'read', messageId: 'C' }], LEDGER],
    ['otherMessageId', [{ ...ANA, messageId: 'Z' }, BIA, CAIO], LEDGER],
  ]
  it.each(wrong)('%s', async (kind, recipients, accepted) => {
    const { code, summary } = await recount(await small(LINES), recipients, accepted)
    expect(summary.ok).toBe(false)
    expect(summary.differences[kind]?.count).toBe(1)
    expect(code).toBe(1)
  })

  it('and wrong usage ends 2', async () => {
    expect((await run(['--file', 'x'])).code).toBe(2)
  })
})

describe('the sample list', () => {
  it('is what its generator makes', async () => {
    expect(await readFile(SAMPLE, 'utf8')).toBe(makeSample())
  })

  it('is read by the product as by the recount', async () => {
    const table = await readTable(createReadStream(SAMPLE), 'BR')
    const batch = nothingPrepared()
    const phones = new Set<string>()
    const columns = { ...table.columns, variables: table.columns.headers }
    for await (const rows of table.batches) prepareRows(batch, phones, rows, columns, 'BR')
    expect(batch.rows).toBe(5000)
    expect(batch.people.length + batch.repeated + batch.rejections.length).toBe(5000)
    expect(new Set(batch.rejections.map((row) => row.reason)).size).toBeGreaterThanOrEqual(8)
    const recipients = batch.people.map(({ phone, line }) => ({ phone, status: 'sent', messageId: `M${line}` }))
    const accepted = recipients.map(({ phone, messageId }) => ({ number: phone.slice(1), messageId }))
    const { code, summary } = await recount(SAMPLE, recipients, accepted)
    expect(summary).toMatchObject({ ok: true, rows: 5000, recipients: batch.people.length, differences: {} })
    expect(code).toBe(0)
  })
})
