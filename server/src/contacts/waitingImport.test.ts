import { Client } from 'undici'
import { describe, expect, it } from 'vitest'
import type { ImportPreview } from '#contract/imports.ts'
import { buildWorkbook } from '#server/test/buildWorkbook.ts'
import { sweepUploads } from './importLeases.ts'
import { importBench } from './importTestBench.ts'

const bench = importBench()

const FILE =
  'nome;telefone;recado;cidade\nAna;11987654321;21 98765-4322;Rio\nBia;123;;Itu\nCaio;;31987654323;\nAna 2;11 8765-4321;;\n'

async function preview(id: string, choice: object = {}): Promise<ImportPreview> {
  const answer = await bench.post(`/${id}/preview`, choice)
  expect([answer.statusCode, answer.body]).toEqual([200, expect.anything()])
  return answer.json<ImportPreview>()
}

describe('a file that waits', () => {
  it('shows how it would be read, row by row, and changes nothing', async () => {
    await bench.newUser()
    bench.startRunner()
    const id = await bench.waiting(`\ufeff${FILE}`)
    const shown = await preview(id)
    expect(shown).toMatchObject({
      defaultCountry: 'BR',
      columns: ['nome', 'telefone', 'recado', 'cidade'],
      hasHeader: true,
      mapping: { phoneColumns: [1], nameColumn: 0, leftOut: [], renamed: [] },
      mappingFrom: 'guess',
      encoding: 'utf-8',
      delimiter: ';',
      sheets: [],
      sheet: null,
    })
    expect(shown.rows).toEqual([
      {
        line: 2,
        cells: ['Ana', '11987654321', '21 98765-4322', 'Rio'],
        verdict: 'accepted',
        phone: '+5511987654321',
        name: 'Ana',
        reason: null,
        warnings: [],
      },
      {
        line: 3,
        cells: ['Bia', '123', '', 'Itu'],
        verdict: 'rejected',
        phone: null,
        name: '',
        reason: 'TOO_SHORT',
        warnings: [],
      },
      {
        line: 4,
        cells: ['Caio', '', '31987654323', ''],
        verdict: 'rejected',
        phone: null,
        name: '',
        reason: 'EMPTY',
        warnings: [],
      },
      {
        line: 5,
        cells: ['Ana 2', '11 8765-4321', '', ''],
        verdict: 'duplicate',
        phone: '+5511987654321',
        name: 'Ana 2',
        reason: null,
        warnings: [],
      },
    ])
    const other = await preview(id, {
      defaultCountry: 'PT',
      mapping: { phoneColumns: [2, 1], nameColumn: 3, leftOut: [0], renamed: [] },
    })
    expect(other).toMatchObject({ mappingFrom: 'given', defaultCountry: 'PT' })
    expect(other.rows.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['', 'rejected'],
      ['', 'rejected'],
      ['', 'rejected'],
      ['', 'rejected'],
    ])
    expect(await bench.contacts()).toEqual([])
    expect(await bench.get(`/${id}`)).toMatchObject({ status: 'preview', defaultCountry: 'BR', finishedAt: null })
  })

  it('shows the first twenty rows of many, each cell cut, also of a workbook', async () => {
    await bench.newUser()
    const rows = Array.from(
      { length: 300 },
      (_, n) =>
        `<row r="${n + 1}"><c t="inlineStr"><is><t>${n === 0 ? 'celular' : `119${70_000_000 + n}`}</t></is></c><c t="inlineStr"><is><t>${'🦜'.repeat(150)}</t></is></c></row>`,
    )
    const shown = await preview(await bench.waiting(buildWorkbook({ sheets: { Plan1: rows.join(''), Outra: '' } })))
    expect(shown).toMatchObject({ encoding: 'xlsx', delimiter: null, sheets: ['Plan1', 'Outra'], sheet: 'Plan1' })
    expect(shown.rows).toHaveLength(20)
    expect(shown.rows[0]?.cells[1]).toBe('🦜'.repeat(100))
  })

  it('is imported as was said, and the next file with the same headers is read so by itself', async () => {
    await bench.newUser()
    bench.startRunner()
    const mapping = { phoneColumns: [2, 1], nameColumn: 0, leftOut: [1, 2], renamed: [{ column: 3, variable: 'onde' }] }
    const id = await bench.waiting(FILE)
    const answer = await bench.post(`/${id}/commit`, { mapping })
    expect([answer.statusCode, answer.json<object>()]).toEqual([
      202,
      expect.objectContaining({ status: 'running', mapping }),
    ])
    expect(await bench.untilEnded(id)).toMatchObject({ status: 'completed', accepted: 3, rejected: 1 })
    const expected = [
      { phone: '+5511987654321', name: 'Ana 2', variables: { nome: 'Ana 2' } },
      { phone: '+5521987654322', name: 'Ana', variables: { nome: 'Ana', onde: 'Rio' } },
      { phone: '+5531987654323', name: 'Caio', variables: { nome: 'Caio' } },
    ]
    expect(await bench.contacts()).toEqual(expected)
    // Bia's own number is too short: the column that was looked at is told.
    expect((await bench.text(`/${id}/rejected.csv`)).split('\r\n')[1]).toBe(
      '"Bia";"123";"";"Itu";"3";"telefone";"Faltam dígitos no telefone."',
    )
    const sameShape = '"NOME"\tTelefone \trecado\tCidade\nDora\t11987650000\t41987654324\tSul\n'
    expect(await bench.imported(sameShape)).toMatchObject({ mapping, accepted: 1 })
    expect(await bench.contacts()).toContainEqual({
      phone: '+5541987654324',
      name: 'Dora',
      variables: { NOME: 'Dora', onde: 'Sul' },
    })
    const otherShape = await bench.imported('nome;recado;telefone;cidade\nEva;11987650000;51987654325;Sul\n')
    expect(otherShape.mapping).toEqual({ phoneColumns: [2], nameColumn: 0, leftOut: [], renamed: [] })
    await bench.newUser()
    expect(await preview(await bench.waiting(FILE))).toMatchObject({ mappingFrom: 'guess' })
  })

  it('without a header is never read by what was said about another one', async () => {
    await bench.newUser()
    bench.startRunner()
    const mapping = { phoneColumns: [0], nameColumn: null, leftOut: [], renamed: [] }
    const id = await bench.waiting('11987654321;21987654321\n')
    expect((await bench.post(`/${id}/commit`, { mapping })).statusCode).toBe(202)
    await bench.untilEnded(id)
    expect(await preview(await bench.waiting('31987654321;41987654321\n'))).toMatchObject({
      hasHeader: false,
      mappingFrom: 'guess',
    })
  })

  it('keeps waiting when what was said does not fit', async () => {
    await bench.newUser()
    const id = await bench.waiting(FILE)
    const least = { phoneColumns: [1], nameColumn: null, leftOut: [], renamed: [] }
    const refused: [choice: object, status: number][] = [
      [{ mapping: { ...least, phoneColumns: [4] } }, 422],
      [{ mapping: { ...least, leftOut: [4] } }, 422],
      [{ mapping: { ...least, renamed: [{ column: 3, variable: 'NOMÉ' }] } }, 422],
      [{ mapping: { ...least, renamed: [{ column: 3, variable: '!!' }] } }, 422],
      [{ defaultCountry: 'XX' }, 422],
      [{ sheet: 'Plan1' }, 422],
      [{ mapping: { ...least, phoneColumns: [] } }, 400],
      [{ mapping: { ...least, phoneColumns: ['1'] } }, 400],
      [{ mapping: { ...least, phoneColumns: [-1] } }, 400],
      [{ mapping: { ...least, other: 1 } }, 400],
      [{ mapping: null }, 400],
      [{ other: 1 }, 400],
    ]
    for (const [choice, status] of refused) {
      for (const path of ['preview', 'commit']) {
        const answer = await bench.post(`/${id}/${path}`, choice)
        expect([choice, path, answer.statusCode]).toEqual([choice, path, status])
      }
    }
    expect(await bench.get(`/${id}`)).toMatchObject({ status: 'preview' })
  })

  it('that is no table says why and where; without a guess a person can name the column', async () => {
    await bench.newUser()
    bench.startRunner()
    const broken = await bench.waiting('nome;telefone\nAna;11987654321\nBia;"21987654322\n')
    for (const path of ['preview', 'commit']) {
      expect((await bench.post(`/${broken}/${path}`)).json()).toMatchObject({
        error: { code: 'CSV_UNREADABLE', details: { reason: 'UNCLOSED_QUOTE', line: 3 } },
      })
    }
    const id = await bench.waiting('produto;codigo\nCafé;123\n')
    expect(await preview(id)).toMatchObject({
      mapping: { phoneColumns: [] },
      rows: [{ verdict: 'rejected', reason: 'EMPTY' }],
    })
    expect((await bench.post(`/${id}/commit`)).json()).toMatchObject({
      error: { code: 'CSV_UNREADABLE', details: { reason: 'NO_PHONE_COLUMN', line: 1 } },
    })
    const mapping = { phoneColumns: [1], nameColumn: null, leftOut: [], renamed: [] }
    expect((await bench.post(`/${id}/commit`, { mapping })).statusCode).toBe(202)
    expect(await bench.untilEnded(id)).toMatchObject({ status: 'completed', rejected: 1 })
  })

  it('is committed once, cancelled for good, and nobody else sees it', async () => {
    await bench.newUser()
    const ids = [await bench.waiting(FILE), await bench.waiting(FILE)]
    const [id = '', other = ''] = ids
    const answers = await Promise.all(Array.from({ length: 4 }, () => bench.post(`/${id}/commit`)))
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([202, 409, 409, 409])
    expect((await bench.remove(`/${other}`)).statusCode).toBe(204)
    for (const path of ['preview', 'commit', 'undo'])
      expect((await bench.post(`/${id}/${path}`)).json()).toMatchObject({ error: { code: 'IMPORT_STATE' } })
    expect((await bench.post(`/${other}/commit`)).statusCode).toBe(409)
    const actions = await bench.db
      .selectFrom('audit_events')
      .select(['action', 'target'])
      .where('owner_id', '=', bench.user.id)
      .where('target', 'in', ids)
      .orderBy('id')
      .execute()
    expect(actions.map(({ action, target }) => [action, target])).toEqual([
      ['import-upload', id],
      ['import-upload', other],
      ['import-create', id],
      ['import-cancel', other],
    ])
    await bench.newUser()
    for (const path of ['preview', 'commit', 'undo']) expect((await bench.post(`/${id}/${path}`)).statusCode).toBe(404)
  })

  it('for longer than a day goes, with its bytes', async () => {
    const { id: userId } = await bench.newUser()
    const id = await bench.waiting(FILE)
    await bench.startRunner().stop()
    expect(await sweepUploads(bench.db)).toBe(0)
    const row = await bench.db
      .selectFrom('contact_imports')
      .select('lease_expires_at')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    const hours = ((row.lease_expires_at?.getTime() ?? 0) - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(23.9)
    await bench.db
      .updateTable('contact_imports')
      .set({ lease_expires_at: new Date(0) })
      .where('id', '=', id)
      .execute()
    expect(await sweepUploads(bench.db)).toBe(1)
    expect(await bench.db.selectFrom('upload_chunks').select('seq').where('user_id', '=', userId).execute()).toEqual([])
  })
})

describe('an upload under an Idempotency-Key', () => {
  it('that is repeated is answered with the same import, whatever became of it', async () => {
    await bench.newUser()
    bench.startRunner()
    const send = (file = FILE, fields = {}) => bench.upload(file, fields, { 'idempotency-key': 'chave-1' })
    const first = await send()
    const { id } = first.json<{ id: string }>()
    await bench.untilEnded(id)
    const again = await send()
    expect([again.statusCode, again.headers['idempotency-replayed'], again.body]).toEqual([202, 'true', first.body])
    expect((await bench.get<{ items: unknown[] }>('')).items).toHaveLength(1)
    expect((await send(`${FILE}Dora;11987650000;;\n`)).json()).toMatchObject({
      error: { code: 'IDEMPOTENCY_KEY_REUSED' },
    })
    await bench.newUser()
    expect((await send()).json()).not.toMatchObject({ id })
  })

  it('that is sent many times at once is one import', async () => {
    await bench.newUser()
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => bench.upload(FILE, {}, { 'idempotency-key': 'chave-2' })),
    )
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202, 202, 202, 202])
    expect(new Set(answers.map((answer) => answer.json<{ id: string }>().id)).size).toBe(1)
    expect((await bench.get<{ items: unknown[] }>('')).items).toHaveLength(1)
  })

  it('that is repeated is answered before it has come, and does not block its connection', async () => {
    await bench.newUser()
    await bench.app.listen({ host: '127.0.0.1', port: 0 })
    const origin = bench.app.listeningOrigin
    const client = new Client(origin, { pipelining: 1 })
    const type = 'multipart/form-data; boundary=b'
    const headers = { cookie: bench.user.cookie, origin, 'content-type': type, 'idempotency-key': 'chave-4' }
    const body = Buffer.concat([
      Buffer.from('--b\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'),
      Buffer.alloc(5_000_000, 'a;1\n'),
      Buffer.from('\r\n--b--\r\n'),
    ])
    const answers: unknown[] = []
    for (let time = 0; time < 3; time++) {
      const answer = await client.request({ method: 'POST', path: '/api/user/imports', headers, body })
      expect(answer.statusCode).toBe(202)
      answers.push(await answer.body.json())
    }
    expect(answers).toEqual([answers[0], answers[0], answers[0]])
    const list = await client.request({ method: 'GET', path: '/api/user/imports', headers, headersTimeout: 3000 })
    expect(await list.body.json()).toMatchObject({ items: [{ fileName: 'a.csv' }], nextCursor: null })
    await client.close()
  })

  it('that was refused may be sent again', async () => {
    await bench.newUser()
    const send = (fields: Record<string, string>) => bench.upload(FILE, fields, { 'idempotency-key': 'chave-3' })
    expect((await send({ defaultCountry: 'XX' })).statusCode).toBe(422)
    expect((await send({ defaultCountry: 'PT' })).statusCode).toBe(202)
  })
})
