import { once } from 'node:events'
import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { Client } from 'undici'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ContactImport } from '#contract/imports.ts'
import type { Db } from '#server/db/Database.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { testSuppressions } from '#server/test/builders.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { findContactByPhone } from './contactQueries.ts'
import { importRoutes } from './importRoutes.ts'
import { claimImport, sweepUploads } from './importLeases.ts'
import { openImport } from './importQueries.ts'
import { createImportRunner, type ImportRunner } from './importRunner.ts'
import { writeImportBatch } from './writeImportBatch.ts'

const MAX_UPLOAD_BYTES = 3_000_000

let database: TestDatabase
let db: Db
let app: FastifyInstance
let user: { id: string; cookie: string }
const runners: ImportRunner[] = []

beforeAll(async () => {
  database = await createTestDatabase({ max: 15 })
  db = database.db
  const routes = [
    importRoutes({
      db,
      suppressions: testSuppressions,
      maxUploadBytes: MAX_UPLOAD_BYTES,
      onQueued: () => runners.forEach((runner) => runner.nudge()),
    }),
  ]
  app = await createTestApp(db, { routes })
  await app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await app.close()
  await database.close()
})
afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.stop()))
})

async function newUser(): Promise<{ id: string; cookie: string }> {
  user = await signInAs(app, db, 'user')
  return user
}

function startRunner(options: { batchRows?: number; leaseSeconds?: number } = {}): ImportRunner {
  const runner = createImportRunner({ db, log: testLog, suppressions: testSuppressions, intervalMs: 50, ...options })
  runners.push(runner)
  runner.start()
  return runner
}

const BOUNDARY = 'test-boundary'

function form(
  file: string | Buffer,
  fields: Record<string, string> = {},
  fileField = 'file',
  fileName = '../Minha lista.csv',
): Buffer {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${fileField}"; filename="${fileName}"\r\ncontent-type: text/csv\r\n\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(file), Buffer.from(`\r\n${parts.join('')}--${BOUNDARY}--\r\n`)])
}

async function post(payload: Buffer, cookie = user.cookie) {
  return app.inject({
    method: 'POST',
    url: '/api/user/imports',
    headers: { cookie, 'sec-fetch-site': 'same-origin', 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    payload,
  })
}

async function get<T = ContactImport>(path: string, cookie = user.cookie): Promise<T> {
  return (await app.inject({ url: `/api/user/imports${path}`, headers: { cookie } })).json<T>()
}

async function uploaded(file: string | Buffer, country = 'BR'): Promise<string> {
  const answer = await post(form(file, { defaultCountry: country }))
  expect(answer.statusCode).toBe(202)
  return answer.json<ContactImport>().id
}

async function finished(id: string, cookie = user.cookie): Promise<ContactImport> {
  for (;;) {
    const row = await get(`/${id}`, cookie)
    if (row.finishedAt !== null) return row
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function imported(file: string | Buffer, country = 'BR'): Promise<ContactImport> {
  return finished(await uploaded(file, country))
}

async function leftovers() {
  const chunks = await db.selectFrom('upload_chunks').select('seq').execute()
  const members = await db.selectFrom('import_contacts').select('contact_id').where('user_id', '=', user.id).execute()
  const contacts = await db.selectFrom('contacts').select('id').where('user_id', '=', user.id).execute()
  return { chunks: chunks.length, members: members.length, contacts: contacts.length }
}

/** The trail of an import, oldest first. */
async function eventsOf(id: string) {
  return db.selectFrom('audit_events').selectAll().where('target', '=', id).orderBy('id').execute()
}

const PEOPLE = Array.from({ length: 1000 }, (_, i) => `Pessoa ${i};11 9${String(70_000_000 + i)};Rio\n`)
const BIG = `nome;telefone;cidade\n${PEOPLE.join('')}`

describe('an upload', () => {
  it('without sign-in, without a file, or with fields nobody knows is refused and leaves nothing', async () => {
    await newUser()
    expect((await post(form('nome;telefone\nA;1'), '')).statusCode).toBe(401)
    expect((await post(form('x', {}, 'arquivo'))).statusCode).toBe(400)
    expect((await post(form('x', { other: '1' }))).statusCode).toBe(400)
    expect((await post(form('x', { defaultCountry: 'br' }))).statusCode).toBe(400)
    expect((await post(form('x', { defaultCountry: 'XX' }))).statusCode).toBe(422)
    const noFile = Buffer.from(
      `--${BOUNDARY}\r\ncontent-disposition: form-data; name="defaultCountry"\r\n\r\nBR\r\n--${BOUNDARY}--\r\n`,
    )
    expect((await post(noFile)).statusCode).toBe(400)
    const json = await app.inject({
      method: 'POST',
      url: '/api/user/imports',
      headers: { cookie: user.cookie },
      payload: { file: 'x' },
    })
    expect(json.statusCode).toBe(415)
    expect(await get<{ items: unknown[] }>('')).toMatchObject({ items: [] })
    await expect.poll(leftovers).toMatchObject({ chunks: 0 })
  })

  it('that finds the disk full is refused, leaves nothing, and does not block its connection', async () => {
    await newUser()
    await sql`create function disk_is_full() returns trigger language plpgsql as
      $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$`.execute(db)
    await sql`create trigger full_disk before insert on upload_chunks execute function disk_is_full()`.execute(db)
    const client = new Client(app.listeningOrigin, { pipelining: 1 })
    const headers = {
      cookie: user.cookie,
      origin: app.listeningOrigin,
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
    }
    const body = form(Buffer.alloc(2_900_000, 'a;1\n'))
    const refused = await client.request({ method: 'POST', path: '/api/user/imports', headers, body })
    expect(refused.statusCode).toBe(507)
    await refused.body.dump()
    const next = await client.request({ method: 'GET', path: '/api/user/imports', headers, headersTimeout: 3000 })
    expect(next.statusCode).toBe(200)
    expect(await next.body.json()).toMatchObject({ items: [] })
    await client.close()
    await sql`drop trigger full_disk on upload_chunks`.execute(db)
  })

  it('beyond the limit is refused and leaves nothing', async () => {
    await newUser()
    expect((await post(form(Buffer.alloc(MAX_UPLOAD_BYTES + 1, 'a;1\n')))).json()).toMatchObject({
      error: { code: 'PAYLOAD_TOO_LARGE' },
    })
    expect(await get<{ items: unknown[] }>('')).toMatchObject({ items: [] })
    await expect.poll(leftovers).toMatchObject({ chunks: 0 })
  })

  it('cut off in the middle, twenty times, leaves nothing', async () => {
    await newUser()
    const address = app.server.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const body = form('nome;telefone\n'.padEnd(1_500_000, 'Ana;11987654321\n'))
    const request = `POST /api/user/imports HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\norigin: http://127.0.0.1:${port}\r\ncookie: ${user.cookie}\r\ncontent-type: multipart/form-data; boundary=${BOUNDARY}\r\ncontent-length: ${body.length}\r\n\r\n`
    for (let time = 0; time < 20; time++) {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      socket.write(request)
      await new Promise((resolve) => socket.write(body.subarray(0, body.length / 2), resolve))
      if (time === 0) await expect.poll(async () => (await leftovers()).chunks).toBeGreaterThan(0)
      socket.resetAndDestroy()
    }
    await expect.poll(() => leftovers(), { timeout: 10_000 }).toMatchObject({ chunks: 0 })
    await expect.poll(() => get<{ items: unknown[] }>(''), { timeout: 10_000 }).toMatchObject({ items: [] })
  })

  it('whose process died is swept away when its lease has expired, not before', async () => {
    const { id } = await newUser()
    const row = await openImport(db, id, 'x.csv', 'BR')
    await db
      .insertInto('upload_chunks')
      .values({ user_id: id, upload_id: row.id, seq: 0, bytes: Buffer.from('nome') })
      .execute()
    expect(await sweepUploads(db)).toBe(0)
    await expect.poll(leftovers).toMatchObject({ chunks: 1 })
    await db
      .updateTable('contact_imports')
      .set({ lease_expires_at: new Date(0) })
      .where('id', '=', row.id)
      .execute()
    expect(await sweepUploads(db)).toBe(1)
    await expect.poll(leftovers).toMatchObject({ chunks: 0 })
  })
})

describe('an import', () => {
  it('turns rows into contacts, collapses duplicates and says why the rest was refused', async () => {
    await newUser()
    startRunner()
    const file = [
      'Nome;Telefone;Cidade',
      'João;(11) 98765-4321;São Paulo',
      'João de novo;+55 11 8765-4321;Santos',
      'Zoë 🦜;0xx21 3232-1234;',
      '=Maria;21 98765-0001 / 21 98765-0002;Niterói',
      'Vazio;;Rio',
      'Excel;5,51199E+12;Rio',
      'Curto;98765-4321;Rio',
      'Torta;11987654322;Rio;a;mais',
      '',
      ';;',
    ]
    const row = await imported(file.join('\r\n'))
    expect(row).toMatchObject({
      status: 'completed',
      fileName: 'Minha lista.csv',
      columns: ['Nome', 'Telefone', 'Cidade'],
      encoding: 'utf-8',
      delimiter: ';',
      rows: 9,
      accepted: 3,
      created: 3,
      duplicates: 1,
      rejected: 5,
      warnings: 1,
      bytesRead: row.bytesTotal,
      failure: null,
    })
    expect(await findContactByPhone(db, user.id, '+5511987654321')).toMatchObject({
      name: 'João',
      variables: { Nome: 'João', Telefone: '(11) 98765-4321', Cidade: 'São Paulo' },
    })
    expect(await findContactByPhone(db, user.id, '+552132321234')).toMatchObject({
      name: 'Zoë 🦜',
      variables: { Nome: 'Zoë 🦜', Telefone: '0xx21 3232-1234' },
    })
    await expect.poll(leftovers).toMatchObject({ chunks: 0, members: 3 })

    const rejected = await app.inject({
      url: `/api/user/imports/${row.id}/rejected.csv`,
      headers: { cookie: user.cookie },
    })
    expect(rejected.headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(rejected.body.split('\r\n')).toEqual([
      '\ufeff"Nome";"Telefone";"Cidade";"coluna 4";"coluna 5";"linha";"campo";"motivo"',
      '"Vazio";"";"Rio";"";"";"6";"Telefone";"O campo de telefone está vazio."',
      expect.stringMatching(/^"Excel";"5,51199E\+12";"Rio";"";"";"7";"Telefone";"O Excel transformou/),
      '"Curto";"98765-4321";"Rio";"";"";"8";"Telefone";"Falta o DDD."',
      expect.stringMatching(/^"Torta";"11987654322";"Rio";"a";"mais";"9";"";"A linha não tem o mesmo formato/),
      '"";"";"";"";"";"11";"Telefone";"O campo de telefone está vazio."',
      '',
    ])
    const warnings = await app.inject({
      url: `/api/user/imports/${row.id}/warnings.csv`,
      headers: { cookie: user.cookie },
    })
    expect(warnings.body.split('\r\n').slice(1)).toEqual([
      expect.stringMatching(
        /^"'=Maria";"21 98765-0001 \/ 21 98765-0002";"Niterói";"5";"\+5521987650001";"\+5521987650002";"Há vários números/,
      ),
      '',
    ])
  })

  it('read with another default country makes numbers of that country, never Brazilian ones', async () => {
    await newUser()
    startRunner()
    expect(await imported('nome;telefone\nEscola;219738131\nCorreio;5511987654321\n', 'PT')).toMatchObject({
      accepted: 1,
      rejected: 1,
      defaultCountry: 'PT',
    })
    expect(await findContactByPhone(db, user.id, '+351219738131')).toBeDefined()
  })

  it('of people already known updates what the file says and keeps what it does not', async () => {
    await newUser()
    startRunner()
    await imported('nome;telefone;cidade;plano\nAna;11987654321;Rio;ouro\n')
    const second = await imported('nome;telefone;cidade\n;11 8765-4321;Itu\nBia;11987654322;Itu\n')
    expect(second).toMatchObject({ accepted: 2, created: 1, duplicates: 0 })
    expect(await findContactByPhone(db, user.id, '+5511987654321')).toMatchObject({
      name: 'Ana',
      variables: { nome: 'Ana', telefone: '11 8765-4321', cidade: 'Itu', plano: 'ouro' },
    })
  })

  it('lets the first row of a number decide, whether the second comes in the same batch or later', async () => {
    await newUser()
    startRunner({ batchRows: 2 })
    const row = await imported(
      'nome;telefone\nAna;11987654321\nOutra;11987654321\nBia;11987654322\nMais uma;11987654321\n',
    )
    expect(row).toMatchObject({ rows: 4, accepted: 2, duplicates: 2 })
    expect(await findContactByPhone(db, user.id, '+5511987654321')).toMatchObject({ name: 'Ana' })
  })

  it('keeps hostile names and headers as plain data', async () => {
    await newUser()
    startRunner()
    const hostile = 'nome;telefone;__proto__;constructor;x"y\n{{nome}}\u0000\u202e;11987654321;a;b;c\n'
    expect(await imported(hostile)).toMatchObject({ accepted: 1, warnings: 1 })
    const contact = await findContactByPhone(db, user.id, '+5511987654321')
    expect(Object.entries(contact?.variables ?? {})).toEqual(
      expect.arrayContaining([
        ['nome', '{{nome}}\u202e'],
        ['constructor', 'b'],
        ['x"y', 'c'],
      ]),
    )
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
  })

  const unusable: [name: string, file: string | Buffer, failure: { reason: string; line: number | null }][] = [
    ['an empty file', '', { reason: 'EMPTY_FILE', line: null }],
    ['a header alone', 'nome;telefone\n', { reason: 'NO_ROWS', line: null }],
    ['no phone column', 'produto;preço\nCafé;12\n', { reason: 'NO_PHONE_COLUMN', line: 1 }],
    ['an unclosed quote', 'nome;telefone\nAna;11987654321\nBia;"11987654322\n', { reason: 'UNCLOSED_QUOTE', line: 3 }],
    ['an old spreadsheet', Buffer.from('d0cf11e0a1b11ae1', 'hex'), { reason: 'SPREADSHEET_FILE', line: null }],
    ['half a workbook', Buffer.from('504b030414000600', 'hex'), { reason: 'SPREADSHEET_BROKEN', line: null }],
  ]
  it.each(unusable)('of %s fails and says where', async (_, file, failure) => {
    await newUser()
    startRunner()
    expect(await imported(file)).toMatchObject({ status: 'failed', failure })
    await expect.poll(leftovers).toMatchObject({ chunks: 0 })
  })

  it('goes on after its process died, and counts every row once', async () => {
    await newUser()
    const id = await uploaded(BIG)
    const dead = await claimImport(db, crypto.randomUUID(), 0.2)
    expect(dead?.id).toBe(id)
    const person = (i: number) => ({
      line: i + 2,
      phone: `+55119${70_000_000 + i}`,
      name: `Pessoa ${i}`,
      variables: '{}',
    })
    const hold = { userId: user.id, importId: id, owner: dead?.lease_owner ?? '', leaseSeconds: 0.2 }
    const people = Array.from({ length: 300 }, (_, i) => person(i))
    await writeImportBatch(
      db,
      testSuppressions,
      hold,
      { rows: 300, people, repeated: 0, rejections: [], warnings: [] },
      { bytesRead: 100, knewSome: false },
    )
    startRunner({ batchRows: 70 })
    expect(await finished(id)).toMatchObject({
      status: 'completed',
      rows: 1000,
      accepted: 1000,
      created: 1000,
      duplicates: 0,
    })
    await expect.poll(leftovers).toMatchObject({ members: 1000, contacts: 1000 })
    await expect(
      writeImportBatch(
        db,
        testSuppressions,
        hold,
        { rows: 1, people: [], repeated: 1, rejections: [], warnings: [] },
        { bytesRead: 1, knewSome: false },
      ),
    ).rejects.toThrow('does not hold')
  })

  it('goes on after an orderly stop, at once and elsewhere', async () => {
    await newUser()
    // A thousand batches: on any machine it is stopped in the middle of them.
    const first = startRunner({ batchRows: 1 })
    const id = await uploaded(BIG)
    await expect.poll(async () => (await get(`/${id}`)).rows).toBeGreaterThan(0)
    await first.stop()
    const stopped = await get(`/${id}`)
    expect(stopped.status).toBe('running')
    expect(stopped.rows).toBeLessThan(1000)
    expect(await get(`/${id}`)).toEqual(stopped)
    startRunner()
    expect(await finished(id)).toMatchObject({ rows: 1000, accepted: 1000, created: 1000 })
  })

  it('is done by one of several processes', async () => {
    await newUser()
    for (let i = 0; i < 3; i++) startRunner({ batchRows: 100 })
    expect(await imported(BIG)).toMatchObject({ rows: 1000, accepted: 1000, created: 1000, duplicates: 0 })
  })

  it('five at once with the same people in different orders: each contact exists once', async () => {
    await newUser()
    for (let i = 0; i < 5; i++) startRunner({ batchRows: 100 })
    const orders = [
      PEOPLE,
      PEOPLE.toReversed(),
      ...[7, 11, 13].map((step) => PEOPLE.map((_, i) => PEOPLE[(i * step) % 1000] ?? '')),
    ]
    const ids = await Promise.all(orders.map((people) => uploaded(`nome;telefone;cidade\n${people.join('')}`)))
    const rows = await Promise.all(ids.map((id) => finished(id)))
    for (const row of rows) expect(row).toMatchObject({ status: 'completed', accepted: 1000, duplicates: 0 })
    expect(rows.reduce((sum, row) => sum + row.created, 0)).toBe(1000)
    await expect.poll(leftovers).toEqual({ chunks: 0, members: 5000, contacts: 1000 })
  })
})

describe('cancel and undo', () => {
  it('cancelling an import under way keeps what was imported and stops the rest', async () => {
    await newUser()
    const runner = startRunner({ batchRows: 20 })
    const id = await uploaded(BIG)
    await expect.poll(async () => (await get(`/${id}`)).rows).toBeGreaterThan(0)
    const answer = await app.inject({
      method: 'DELETE',
      url: `/api/user/imports/${id}`,
      headers: { cookie: user.cookie },
    })
    expect(answer.statusCode).toBe(204)
    await runner.stop()
    const row = await get(`/${id}`)
    expect(row.status).toBe('cancelled')
    expect(row.rows).toBeLessThan(1000)
    await expect.poll(leftovers).toEqual({ chunks: 0, members: row.accepted, contacts: row.accepted })
  })

  it('removing an ended import forgets its membership and reports; the contacts stay', async () => {
    await newUser()
    startRunner()
    const row = await imported('nome;telefone\nAna;11987654321\nBia;\n')
    const answer = await app.inject({
      method: 'DELETE',
      url: `/api/user/imports/${row.id}`,
      headers: { cookie: user.cookie },
    })
    expect(answer.statusCode).toBe(204)
    expect(await get<unknown>(`/${row.id}`)).toMatchObject({ error: { code: 'NOT_FOUND' } })
    await expect.poll(leftovers).toEqual({ chunks: 0, members: 0, contacts: 1 })
    const noted = await eventsOf(row.id)
    const details = { fileName: row.fileName }
    expect(noted.map(({ action }) => action)).toEqual(['import-create', 'import-delete'])
    for (const event of noted) expect(event).toMatchObject({ owner_id: user.id, user_id: user.id, details })
    expect(await db.selectFrom('import_rejections').select('line').where('import_id', '=', row.id).execute()).toEqual(
      [],
    )
  })

  it('upload and cancel are in the trail once each, by whom and from where, without the people', async () => {
    await newUser()
    const name = `pasta\\a\u001b[31m\u202e${'ã'.repeat(600)}.csv`
    const { id } = (await post(form('nome;telefone\nAurélia;11987654321\n', {}, 'file', name))).json<ContactImport>()
    const cancel = () =>
      app.inject({ method: 'DELETE', url: `/api/user/imports/${id}`, headers: { cookie: user.cookie } })
    expect((await cancel()).statusCode).toBe(204)
    const events = await eventsOf(id)
    expect(events.map(({ action }) => action)).toEqual(['import-create', 'import-cancel'])
    const fileName = `a[31m${'ã'.repeat(195)}`
    for (const event of events) {
      expect(event).toMatchObject({ owner_id: user.id, user_id: user.id, details: { fileName } })
      expect(event.address).toBe('127.0.0.1')
      expect(JSON.stringify(event)).not.toMatch(/Aurélia|987654321/)
    }
  })

  it('an upload or a cancel whose row in the trail cannot be written does not happen', async () => {
    await newUser()
    const waiting = await uploaded('nome;telefone\nAna;11987654321\n')
    await sql`create function no_trail() returns trigger language plpgsql as
      $$ begin raise exception 'no trail'; end $$`.execute(db)
    await sql`create trigger no_trail before insert on audit_events execute function no_trail()`.execute(db)
    try {
      expect((await post(form('nome;telefone\nBia;11987654322\n'))).statusCode).toBe(500)
      const answer = await app.inject({
        method: 'DELETE',
        url: `/api/user/imports/${waiting}`,
        headers: { cookie: user.cookie },
      })
      expect(answer.statusCode).toBe(500)
    } finally {
      await sql`drop trigger no_trail on audit_events`.execute(db)
    }
    expect((await get<{ items: unknown[] }>('')).items).toMatchObject([{ id: waiting, status: 'running' }])
    await expect.poll(leftovers).toMatchObject({ chunks: 1 })
  })

  it("nobody sees, downloads, cancels or removes somebody else's import", async () => {
    await newUser()
    startRunner()
    const { id } = await imported('nome;telefone\nAna;11987654321\n')
    await newUser()
    for (const path of [`/${id}`, `/${id}/rejected.csv`, `/${id}/warnings.csv`])
      expect(await get<unknown>(path)).toMatchObject({ error: { code: 'NOT_FOUND' } })
    const answer = await app.inject({
      method: 'DELETE',
      url: `/api/user/imports/${id}`,
      headers: { cookie: user.cookie },
    })
    expect(answer.statusCode).toBe(404)
    expect(await get<{ items: unknown[] }>('')).toMatchObject({ items: [] })
  })
})

it('the list pages from the newest, and a cursor that is none is refused', async () => {
  await newUser()
  startRunner()
  const ids: string[] = []
  for (let i = 0; i < 5; i++) ids.unshift((await imported('telefone\n11987654321\n')).id)
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: { items: ContactImport[]; nextCursor: string | null } = await get(
      `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
    )
    seen.push(...page.items.map((item) => item.id))
    cursor = page.nextCursor
  }
  expect(seen).toEqual(ids)
  expect(await get<unknown>('?cursor=abc')).toMatchObject({ error: { code: 'VALIDATION_FAILED' } })
})
