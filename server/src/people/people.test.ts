import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ErasedPerson, PersonExport } from '#contract/contacts.ts'
import { SUPPRESSED, type Suppression } from '#contract/suppressions.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { ContactService } from '#server/contacts/ContactService.ts'
import { contactRoutes } from '#server/contacts/contactRoutes.ts'
import { createImportRunner } from '#server/contacts/importRunner.ts'
import { openImport, queueImport } from '#server/contacts/importQueries.ts'
import { rejectionsCsv } from '#server/contacts/importReports.ts'
import { claimImport } from '#server/contacts/importLeases.ts'
import { writeImportBatch } from '#server/contacts/writeImportBatch.ts'
import { transaction } from '#server/db/transaction.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { Bell } from '#server/lib/Bell.ts'
import { claimRecipients } from '#server/recipients/claimRecipients.ts'
import { copyAudience, listRefusals } from '#server/recipients/expandAudience.ts'
import { getCounts, recount } from '#server/recipients/recipientQueries.ts'
import { lockToStorePeople } from '#server/suppressions/personLock.ts'
import { suppressionRoutes } from '#server/suppressions/suppressionRoutes.ts'
import { SuppressionService } from '#server/suppressions/SuppressionService.ts'
import { buildCampaign, buildChannel, holdLane, testSuppressions } from '#server/test/builders.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { PersonEraser } from './PersonEraser.ts'
import { PersonExporter } from './PersonExporter.ts'
import { peopleRoutes } from './peopleRoutes.ts'

/** The first of every built campaign. */
const PHONE = '+5511910000001'
const DIGITS = '11910000001'
const NAME = 'Aurélia Quintana'

let test: TestDatabase
let app: FastifyInstance
let user: Awaited<ReturnType<typeof signInAs>>
let owner: { userId: string; channelId: string }

beforeAll(async () => {
  test = await createTestDatabase({ max: 10 })
  const deps = { db: test.db, audit: new AuditLogger(), list: testSuppressions, bell: new Bell() }
  const contacts = new ContactService(deps)
  app = await createTestApp(test.db, {
    routes: [
      suppressionRoutes({ suppressions: new SuppressionService(deps) }),
      contactRoutes({ contacts }),
      peopleRoutes({
        db: test.db,
        contacts,
        eraser: new PersonEraser({ ...deps, patienceMs: 200 }),
        exporter: new PersonExporter(deps),
      }),
    ],
  })
})
afterAll(async () => {
  await app.close()
  await test.close()
})
beforeEach(async () => {
  user = await signInAs(app, test.db, 'user')
  owner = { userId: user.id, channelId: (await buildChannel(test.db, user.id)).id }
})

function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object) {
  const url = `/api/user${path}`
  return app.inject({ method, url, headers: { cookie: user.cookie }, ...(payload === undefined ? {} : { payload }) })
}

/** An import of these people through the real pipeline, without the file. */
async function importPeople(...people: { phone: string; name: string }[]): Promise<string> {
  const { id } = await openImport(test.db, user.id, 'people.csv', 'BR')
  await queueImport(test.db, { ownerId: user.id, userId: user.id, address: null }, id, {
    defaultCountry: 'BR',
    preview: false,
  })
  await claimImport(test.db, user.id, 60)
  const prepared = people.map((person, index) => ({
    ...person,
    line: index + 2,
    variables: JSON.stringify({ telefone: person.phone, nome: person.name }),
  }))
  const warnings = prepared.map(({ line, phone, name }) => ({
    line,
    reason: 'TEXT_IGNORED' as const,
    field: phone,
    phone,
    others: [],
    cells: [name, phone],
  }))
  const hold = { userId: user.id, importId: id, owner: user.id, leaseSeconds: 60 }
  await writeImportBatch(
    test.db,
    testSuppressions,
    hold,
    { rows: people.length, people: prepared, repeated: 0, rejections: [], warnings },
    { bytesRead: 10, knewSome: false },
  )
  await test.db.updateTable('contact_imports').set({ status: 'completed' }).where('id', '=', id).execute()
  return id
}

/** As if a gateway had been asked about the number. */
async function rememberCheck(): Promise<void> {
  await test.db
    .insertInto('phone_checks')
    .values({
      user_id: user.id,
      phone: PHONE,
      is_on_whatsapp: true,
      jid: '551110000001@s.whatsapp.net',
      send_to: '551110000001@s.whatsapp.net',
      channel_id: owner.channelId,
      expires_at: new Date('2099-01-01'),
    })
    .execute()
}

/** Seen over the API, as people see it. */
async function suppressed(): Promise<Suppression[]> {
  return (await call('GET', '/suppressions')).json<{ items: Suppression[] }>().items
}

async function contactId(phone: string): Promise<number | undefined> {
  const row = await test.db
    .selectFrom('contacts')
    .select('id')
    .where('user_id', '=', user.id)
    .where('phone', '=', phone)
    .executeTakeFirst()
  return row?.id
}

async function drifted(campaign: { userId: string; id: string }): Promise<boolean> {
  return (await transaction(test.db, (trx) => recount(trx, campaign.userId, campaign.id))).drifted
}

/** The rows of this account, in whatever table, that hold one of the texts; sealed and hashed columns are not readable. */
async function rowsWith(...texts: string[]): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'
  `.execute(test.db)
  const found: string[] = []
  for (const { name } of tables) {
    const { rows } = await sql<{ row: string }>`
      select t::text as row from ${sql.table(name)} t
      where position(${user.id}::text in t::text) > 0 and exists (
        select from unnest(${texts}::text[]) as x(text) where position(x.text in t::text) > 0
      )
    `.execute(test.db)
    found.push(...rows.map(({ row }) => `${name}: ${row}`))
  }
  return found
}

describe('erasing a person', () => {
  it('leaves nothing that says who it was in any table, and the books as they were', async () => {
    await importPeople({ phone: PHONE, name: NAME }, { phone: '+5511910000002', name: 'Bento' })
    const ended = await buildCampaign(test.db, owner, { recipients: 3 })
    await test.db
      .updateTable('campaign_contacts')
      .set({
        status: 'failed',
        error_category: 'API_ERROR',
        error_code: 'X',
        name: NAME,
        gateway_id: `wamid.${DIGITS}`,
        send_to: '551110000001@s.whatsapp.net',
      })
      .where('campaign_id', '=', ended.id)
      .where('id', '=', 1)
      .execute()
    await transaction(test.db, (trx) => recount(trx, user.id, ended.id))
    await test.db
      .insertInto('campaign_error_logs')
      .values({
        user_id: user.id,
        campaign_id: ended.id,
        contact_id: 1,
        error_type: 'API_ERROR',
        error_code: 'X',
        error_message: `no route to ${DIGITS}`,
        stack_trace: NAME,
      })
      .execute()
    await sql`
      insert into import_rejections (user_id, import_id, line, reason, field, cells)
      select ${user.id}, id, 99, 'BROKEN_ROW', '', jsonb_build_array('x', '(11) 91000-0001', ${NAME}::text)
      from contact_imports where user_id = ${user.id}
    `.execute(test.db)
    await sql`
      insert into webhook_inbox (user_id, channel_id, dedupe_key, events)
      values (${user.id}, ${owner.channelId}, '\\x01', jsonb_build_array(
        jsonb_build_object('type', 'receipt', 'messageIds', '[]'::jsonb, 'gatewayId', ${`wamid.${DIGITS}`}::text)))
    `.execute(test.db)
    await rememberCheck()
    const before = await getCounts(test.db, user.id, ended.id)
    expect((await rowsWith(DIGITS)).length).toBeGreaterThan(4)

    const answer = await call('POST', `/contacts/${await contactId(PHONE)}/erase`)
    expect(answer.statusCode).toBe(200)
    expect(answer.json<ErasedPerson>()).toMatchObject({ contacts: 1, recipients: 1, closed: 0, importRows: 2 })

    expect(await rowsWith(DIGITS, '91000-0001', '1110000001', NAME)).toEqual([])
    expect(await getCounts(test.db, user.id, ended.id)).toEqual(before)
    expect(await drifted(ended)).toBe(false)
    const errors = await test.db
      .selectFrom('campaign_error_logs')
      .selectAll()
      .where('campaign_id', '=', ended.id)
      .execute()
    expect(errors).toMatchObject([{ error_code: 'X', error_message: '' }])
    expect(await contactId('+5511910000002')).toBeDefined()
  })

  it('closes who was open: skipped, or unknown where the message may have gone out', async () => {
    const fresh = await buildCampaign(test.db, owner, { recipients: 2 })
    const doubtful = await buildCampaign(test.db, owner, { recipients: 2 })
    await test.db
      .updateTable('campaign_contacts')
      .set({ status: 'retrying', maybe_sent: true, next_attempt_at: new Date() })
      .where('campaign_id', '=', doubtful.id)
      .where('id', '=', 1)
      .execute()
    await transaction(test.db, (trx) => recount(trx, user.id, doubtful.id))
    const answer = await call('POST', '/contacts/erase', { phone: '(11) 91000-0001' })
    expect(answer.json<ErasedPerson>()).toMatchObject({ contacts: 0, recipients: 2, closed: 2 })
    expect(await getCounts(test.db, user.id, fresh.id)).toMatchObject({ pending: 1, skipped: 1 })
    expect(await getCounts(test.db, user.id, doubtful.id)).toMatchObject({ pending: 1, retrying: 0, unknown: 1 })
    expect([await drifted(fresh), await drifted(doubtful)]).toEqual([false, false])
  })

  it('waits for nobody who is under way: it refuses, the person is suppressed, and later it goes through', async () => {
    const campaign = await buildCampaign(test.db, owner, { recipients: 2 })
    const lane = await holdLane(test.db, campaign)
    await claimRecipients(test.db, lane, campaign.id, { after: Number.MIN_SAFE_INTEGER, limit: 1 })
    const refused = await call('POST', '/contacts/erase', { phone: PHONE })
    expect([refused.statusCode, refused.json<{ error: { code: string } }>().error.code]).toEqual([409, 'PERSON_BUSY'])
    expect(refused.headers['retry-after']).toBe('60')
    expect((await rowsWith(DIGITS)).length).toBeGreaterThan(1)
    const list = (await call('GET', '/suppressions')).json<{ items: { phone: string }[] }>()
    expect(list.items).toMatchObject([{ phone: PHONE, reason: 'manual', source: 'erasure' }])

    // The worker dies: its lane runs out, and nobody knows whether the message left.
    await test.db
      .updateTable('channels')
      .set({ lane_expires_at: new Date(0) })
      .where('id', '=', owner.channelId)
      .execute()
    expect((await call('POST', '/contacts/erase', { phone: PHONE })).statusCode).toBe(200)
    expect(await getCounts(test.db, user.id, campaign.id)).toMatchObject({ sending: 0, unknown: 1, pending: 1 })
    expect(await drifted(campaign)).toBe(false)
  })

  it('goes out of what was typed and refused, and a duplicate of the campaign does not hold it', async () => {
    const from = await buildCampaign(test.db, owner, { recipients: 0 })
    const typed = ['11910000001@lid', '(11) 1000-0001 ou 91000-0001@g.us', '11910000002@lid']
    for (const [position, input] of typed.entries())
      await test.db
        .insertInto('campaign_typed_recipients')
        .values({ user_id: user.id, campaign_id: from.id, position, input, reason: 'NOT_A_NUMBER' })
        .execute()
    await call('POST', '/contacts/erase', { phone: PHONE })
    const to = randomUUID()
    await transaction(test.db, (trx) => copyAudience(trx, user.id, from.id, to))
    for (const id of [from.id, to])
      expect(await listRefusals(test.db, user.id, id)).toEqual([
        { input: '', reason: 'NOT_A_NUMBER' },
        { input: '', reason: 'NOT_A_NUMBER' },
        { input: '11910000002@lid', reason: 'NOT_A_NUMBER' },
      ])
    expect(await rowsWith(DIGITS)).toEqual([])
  })

  it('is in the trail without the number, and belongs to one account', async () => {
    const stranger = await signInAs(app, test.db, 'user')
    const theirs = await buildCampaign(
      test.db,
      { userId: stranger.id, channelId: (await buildChannel(test.db, stranger.id)).id },
      { recipients: 1 },
    )
    const { suppressionId } = (await call('POST', '/contacts/erase', { phone: PHONE })).json<ErasedPerson>()
    const events = await test.db.selectFrom('audit_events').selectAll().where('owner_id', '=', user.id).execute()
    expect(events.filter(({ target }) => target === suppressionId).map(({ action }) => action)).toEqual([
      'suppression-add',
      'contact-erase',
    ])
    expect(JSON.stringify(events)).not.toContain(DIGITS)
    const row = await test.db
      .selectFrom('campaign_contacts')
      .select('phone')
      .where('campaign_id', '=', theirs.id)
      .executeTakeFirstOrThrow()
    expect(row.phone).toBe(PHONE)
  })
})

describe('a person who was erased', () => {
  it('does not come back by an import, and the report of it does not keep the number', async () => {
    await call('POST', '/contacts/erase', { phone: PHONE })
    const importId = await importPeople({ phone: PHONE, name: NAME }, { phone: '+5511910000002', name: 'Bento' })
    expect([await contactId(PHONE), await contactId('+5511910000002')]).toEqual([undefined, expect.any(Number)])
    const row = await test.db
      .selectFrom('contact_imports')
      .selectAll()
      .where('id', '=', importId)
      .executeTakeFirstOrThrow()
    expect(row).toMatchObject({ rows: 2, accepted: 1, rejected: 1, duplicates: 0, warnings: 1 })
    let csv = ''
    for await (const part of rejectionsCsv(test.db, row)) csv += part
    expect(csv).toContain('pediu para ser esquecida')
    expect(await rowsWith(DIGITS)).toEqual([])
  })

  it('comes back only by agreeing anew, and nobody else does so by their id', async () => {
    const { suppressionId } = (await call('POST', '/contacts/erase', { phone: PHONE })).json<ErasedPerson>()
    const removal = await call('DELETE', `/suppressions/${suppressionId}`)
    expect(removal.json<{ error: { code: string } }>().error.code).toBe('PERSON_ERASED')
    const optIn = { how: 'escreveu de +55 11 91000-0001 pedindo', at: '2026-11-22T12:00:00Z' }
    expect((await call('POST', '/suppressions/release', { phone: '11 91000-0002', optIn })).statusCode).toBe(404)
    expect((await call('POST', '/suppressions/release', { phone: '11 91000-0001', optIn })).statusCode).toBe(200)
    await importPeople({ phone: PHONE, name: NAME })
    expect(await contactId(PHONE)).toBeDefined()
    const events = await test.db.selectFrom('audit_events').selectAll().where('target', '=', suppressionId).execute()
    expect(events.at(-1)).toMatchObject({ action: 'suppression-release', details: { how: 'escreveu de +… pedindo' } })
  })

  it('stays known when somebody took them off the list while the erasure waited for an import', async () => {
    await importPeople({ phone: PHONE, name: NAME })
    let erasing: ReturnType<typeof call> | undefined
    await test.db.transaction().execute(async (batch) => {
      await lockToStorePeople(batch, user.id)
      erasing = call('POST', '/contacts/erase', { phone: PHONE })
      // An injected request starts only when somebody waits for it.
      void erasing.then(() => undefined)
      await expect.poll(async () => (await suppressed()).length).toBe(1)
      const [row] = await suppressed()
      expect((await call('DELETE', `/suppressions/${row?.id}`)).statusCode).toBe(204)
      expect(await suppressed()).toEqual([])
    })
    expect((await erasing)?.statusCode).toBe(200)
    expect(await suppressed()).toMatchObject([{ phone: null, reason: 'erased', source: 'erasure', note: null }])
    await importPeople({ phone: PHONE, name: NAME })
    expect(await contactId(PHONE)).toBeUndefined()
  })

  it('stays known when they are suppressed once more', async () => {
    await call('POST', '/contacts/erase', { phone: PHONE })
    expect((await call('POST', '/suppressions', { phones: [PHONE] })).json()).toMatchObject({ added: 0, known: 1 })
    expect(await rowsWith(DIGITS)).toEqual([])
  })
})

describe('the export of a person', () => {
  it('holds contact, imports, campaigns with states, errors and the trail', async () => {
    const importId = await importPeople({ phone: PHONE, name: NAME })
    const campaign = await buildCampaign(test.db, owner, { recipients: 2 })
    await call('POST', '/suppressions', { phones: [PHONE], reason: 'opted_out', note: 'pediu por telefone' })
    const lane = await holdLane(test.db, campaign)
    await claimRecipients(test.db, lane, campaign.id, { after: Number.MIN_SAFE_INTEGER, limit: 2 })
    await rememberCheck()
    const id = await contactId(PHONE)
    const person = (await call('GET', `/contacts/${id}/export`)).json<PersonExport>()
    expect(person).toMatchObject({
      phone: PHONE,
      contact: { id, name: NAME, variables: { nome: NAME } },
      suppression: { reason: 'opted_out', note: 'pediu por telefone' },
      whatsapp: { isOnWhatsapp: true, jid: '551110000001@s.whatsapp.net', checkedAt: expect.any(String) },
      imports: [{ importId, line: 2, created: true }],
      warnings: [{ importId, cells: [NAME, PHONE] }],
      campaigns: [{ campaignId: campaign.id, status: 'skipped', errorCode: SUPPRESSED, messages: [{ type: 'text' }] }],
    })
    const again = (await call('POST', '/contacts/export', { phone: '11 91000 0001' })).json<PersonExport>()
    expect(again.auditEvents.map(({ action }) => action)).toEqual(['contact-export'])
  })

  it('is empty for somebody of another account, by number, and 404 by id', async () => {
    await importPeople({ phone: PHONE, name: NAME })
    const id = await contactId(PHONE)
    user = await signInAs(app, test.db, 'user')
    expect((await call('GET', `/contacts/${id}/export`)).statusCode).toBe(404)
    expect((await call('POST', `/contacts/${id}/erase`)).statusCode).toBe(404)
    expect((await call('POST', '/contacts/export', { phone: PHONE })).json()).toMatchObject({
      contact: null,
      whatsapp: null,
      campaigns: [],
    })
  })
})

describe('contacts', () => {
  it('are listed page by page, found by number and by the beginning of a name, changed and taken out', async () => {
    await importPeople({ phone: PHONE, name: NAME }, { phone: '+5511910000002', name: 'Bento' })
    const first = (await call('GET', '/contacts?limit=1')).json<{ items: { id: number }[]; nextCursor: string }>()
    const second = (await call('GET', `/contacts?limit=1&cursor=${first.nextCursor}`)).json<typeof first>()
    expect([...first.items, ...second.items]).toMatchObject([{ name: NAME }, { name: 'Bento' }])
    expect(second.nextCursor).toBeNull()
    for (const search of ['bEn', '(11) 91000-0002', '%2B55 11 9100000']) {
      const { items } = (await call('GET', `/contacts?search=${search}`)).json<{ items: object[] }>()
      expect(items.at(-1)).toMatchObject({ name: 'Bento' })
    }
    const id = await contactId(PHONE)
    const changed = await call('PATCH', `/contacts/${id}`, { name: 'A.', variables: { cidade: 'Lisboa' } })
    expect(changed.json()).toMatchObject({ name: 'A.', variables: { cidade: 'Lisboa' } })
    expect((await call('DELETE', `/contacts/${id}`)).statusCode).toBe(204)
    expect((await call('GET', `/contacts/${id}`)).statusCode).toBe(404)
  })
})

it('a file that is being imported when the person is erased does not bring them back', async () => {
  await importPeople({ phone: PHONE, name: NAME })
  const { id } = await openImport(test.db, user.id, 'again.csv', 'BR')
  const bytes = Buffer.from(`nome,telefone\n${NAME},${PHONE}\nBento,+5511910000002\n`)
  await sql`insert into upload_chunks (user_id, upload_id, seq, bytes) values (${user.id}, ${id}, 0, ${bytes})`.execute(
    test.db,
  )
  await test.db.updateTable('contact_imports').set({ bytes_total: bytes.length }).where('id', '=', id).execute()
  await queueImport(test.db, { ownerId: user.id, userId: user.id, address: null }, id, {
    defaultCountry: 'BR',
    preview: false,
  })
  await call('POST', '/contacts/erase', { phone: PHONE })
  const runner = createImportRunner({ db: test.db, log: testLog, suppressions: testSuppressions, intervalMs: 20 })
  runner.start()
  await expect
    .poll(async () => {
      const row = await test.db.selectFrom('contact_imports').select('status').where('id', '=', id).executeTakeFirst()
      return row?.status
    })
    .toBe('completed')
  await runner.stop()
  expect(await rowsWith(DIGITS)).toEqual([])
})
