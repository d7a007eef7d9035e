import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Contact, ContactSummary } from '#contract/contacts.ts'
import type { ContactList } from '#contract/contactLists.ts'
import { besideTransaction, transaction } from '#server/db/transaction.ts'
import { saveAnswers } from '#server/phone/phoneCheckQueries.ts'
import { untilTrue } from '#server/dispatch/dispatchTestBench.ts'
import { buildChannel } from '#server/test/builders.ts'
import { openAudienceTestBench, type AudienceTestBench } from '#server/reports/audienceTestBench.ts'

let bench: AudienceTestBench

beforeAll(async () => {
  bench = await openAudienceTestBench()
})
afterAll(() => bench.close())
beforeEach(() => bench.newUser())

const ANA = { phone: '(11) 98765-4321', name: 'Ana Souza', variables: { cidade: 'Santos' } }

async function add(contact: object = ANA): Promise<Contact> {
  const answer = await bench.call('POST', '/contacts', contact)
  expect([answer.statusCode, answer.body]).toEqual([201, expect.anything()])
  return answer.json<Contact>()
}

async function newList(kind: 'groups' | 'tags', name: string): Promise<string> {
  return (await bench.call('POST', `/contact-${kind}`, { name })).json<ContactList>().id
}

async function namesIn(query: string): Promise<string[]> {
  return (await bench.call('GET', `/contacts?${query}`)).json<{ items: Contact[] }>().items.map(({ name }) => name)
}

it('how many there are is counted up to a hundred thousand, and everybody counts their own', async () => {
  const summary = async () => (await bench.call('GET', '/contacts/summary')).json<ContactSummary>()
  const exactly = (count: number) => ({ count, isMore: false })
  await add()
  await bench.newUser()
  await newList('groups', 'Clientes')
  await newList('tags', 'vip')
  await newList('tags', 'novo')
  await add()
  await add({ phone: '11 98765-0001' })
  await bench.call('POST', '/suppressions', { phones: ['11 98765-0009'] })
  const { channelId } = await bench.newPhone()
  const missing = (phone: string) => ({ phone, isOnWhatsapp: false, jid: null, sendTo: null })
  await transaction(bench.db, (trx) =>
    saveAnswers(trx, bench.user.id, channelId, [
      missing('+5511987650001'),
      // Of nobody in the contacts.
      missing('+5511987650002'),
      { phone: '+5511987654321', isOnWhatsapp: true, jid: '5511987654321@s.whatsapp.net', sendTo: null },
    ]),
  )
  const few = { withoutWhatsapp: exactly(1), suppressed: exactly(1), groups: exactly(1), tags: exactly(2) }
  expect(await summary()).toEqual({ contacts: exactly(2), ...few })
  const addMany = (from: number, to: number) =>
    sql`
      insert into contacts (user_id, phone, name)
      select ${bench.user.id}, '+5521' || (900000000 + n), '' from generate_series(${from}::int, ${to}::int) n
    `.execute(bench.db)
  await addMany(1, 99_998)
  expect((await summary()).contacts).toEqual(exactly(100_000))
  await addMany(99_999, 100_005)
  expect(await summary()).toEqual({ contacts: { count: 100_000, isMore: true }, ...few })
})

describe('a contact', () => {
  it('is added by a number in any spelling, into groups and tags, once', async () => {
    const [groupId, tagId] = [await newList('groups', 'Clientes'), await newList('tags', 'vip')]
    const made = await add({ ...ANA, groupIds: [groupId], tagIds: [tagId] })
    expect(made).toMatchObject({ phone: '+5511987654321', name: 'Ana Souza', groupIds: [groupId], tagIds: [tagId] })
    expect((await bench.call('GET', `/contacts/${made.id}`)).json()).toEqual(made)
    const again = await bench.call('POST', '/contacts', { phone: '+55 11 8765 4321' })
    expect([again.statusCode, again.json().error]).toMatchObject([
      409,
      { code: 'CONTACT_EXISTS', details: [{ field: 'phone', contactId: made.id }] },
    ])
    expect((await bench.call('POST', '/contacts', { phone: 'Maria' })).statusCode).toBe(422)
    const nowhere = { ...ANA, phone: '11 98765-0000', groupIds: [tagId] }
    expect((await bench.call('POST', '/contacts', nowhere)).json().error.code).toBe('UNKNOWN_GROUP')
  })

  it('who was erased does not come back by being added', async () => {
    const { id } = await add()
    expect((await bench.call('POST', `/contacts/${id}/erase`)).statusCode).toBe(200)
    expect((await bench.call('POST', '/contacts', ANA)).json().error.code).toBe('PERSON_ERASED')
  })

  it('is found by the beginning of name or number, within a group or a tag, and nothing typed is a wildcard', async () => {
    const groupId = await newList('groups', 'Clientes')
    await add({ ...ANA, groupIds: [groupId] })
    await add({ phone: '11 98765-0001', name: 'ana 100%', groupIds: [groupId] })
    await add({ phone: '21 98765-0002', name: 'Bia' })
    expect(await namesIn('search=ANA')).toEqual(['Ana Souza', 'ana 100%'])
    expect(await namesIn('search=ana%20100%25')).toEqual(['ana 100%'])
    expect(await namesIn('search=%25')).toEqual([])
    expect(await namesIn('search=%2B5521')).toEqual(['Bia'])
    expect(await namesIn('search=(11)%2098765-4321')).toEqual(['Ana Souza'])
    expect(await namesIn(`groupId=${groupId}`)).toEqual(['Ana Souza', 'ana 100%'])
    expect(await namesIn(`groupId=${groupId}&search=ana%20s`)).toEqual(['Ana Souza'])
    expect((await bench.call('GET', `/contacts?tagId=${groupId}`)).json().error.code).toBe('UNKNOWN_GROUP')
  })

  it('tells in which campaigns and messages it was, newest first, page by page', async () => {
    const { id } = await add()
    const channel = await bench.newPhone()
    await bench.create(channel, { contacts: [{ phone: ANA.phone }] }, { name: 'Primeira' })
    const other = await bench.create(channel, { contacts: [{ phone: '11 98765-0001' }] }, { name: 'Outra' })
    const last = await bench.create(channel, { contacts: [{ phone: ANA.phone }] }, { name: 'Segunda' })
    await bench.untilPrepared(other.campaignId)
    await bench.untilPrepared(last.campaignId)
    const first = (await bench.call('GET', `/contacts/${id}/activity?limit=1`)).json()
    expect(first.items).toMatchObject([{ name: 'Segunda', kind: 'campaign', status: 'pending', channelName: 'Test' }])
    const rest = (await bench.call('GET', `/contacts/${id}/activity?limit=1&cursor=${first.nextCursor}`)).json()
    expect([rest.items.map(({ name }: { name: string }) => name), rest.nextCursor]).toEqual([['Primeira'], null])
  })
})

describe.each(['groups', 'tags'] as const)('contact-%s', (kind) => {
  it('have a name of their own, whatever the case, are renamed, and leave their contacts when deleted', async () => {
    const id = await newList(kind, 'Clientes')
    expect((await bench.call('POST', `/contact-${kind}`, { name: 'clientes' })).json().error.code).toBe('NAME_TAKEN')
    const other = await newList(kind, 'Outros')
    expect((await bench.call('PATCH', `/contact-${kind}/${other}`, { name: 'CLIENTES' })).statusCode).toBe(409)
    expect((await bench.call('PATCH', `/contact-${kind}/${id}`, { name: 'Clientela' })).json()).toMatchObject({
      id,
      name: 'Clientela',
      contacts: 0,
    })
    const contact = await add()
    await bench.call('POST', `/contact-${kind}/${id}/add`, { contactIds: [contact.id] })
    expect((await bench.call('DELETE', `/contact-${kind}/${id}`)).statusCode).toBe(204)
    expect((await bench.call('GET', `/contact-${kind}/${id}`)).statusCode).toBe(404)
    expect((await bench.call('GET', `/contacts/${contact.id}`)).json()).toMatchObject({ groupIds: [], tagIds: [] })
  })

  it('take and lose contacts by ids, by a filter and by an import, and count them right', async () => {
    const id = await newList(kind, 'Clientes')
    const change = async (how: 'add' | 'remove', selection: object) => {
      const { changed, contacts } = (await bench.call('POST', `/contact-${kind}/${id}/${how}`, selection)).json()
      return [changed, contacts]
    }
    const ana = await add()
    await add({ phone: '21 98765-0002', name: 'Bia' })
    const importId = await bench.importCsv('nome;telefone\nCaio;11987650003\nDora;11987650004\n')
    expect(await change('add', { contactIds: [ana.id, ana.id, 999_999_999] })).toEqual([1, 1])
    expect(await change('add', { filter: { search: 'Bia' } })).toEqual([1, 2])
    expect(await change('add', { importId })).toEqual([2, 4])
    expect(await change('add', { filter: {} })).toEqual([0, 4])
    expect(await change('remove', { filter: { search: '+5511' } })).toEqual([3, 1])
    expect(await change('remove', { importId })).toEqual([0, 1])
    await bench.call('POST', `/contact-${kind}/${id}/add`, { contactIds: [ana.id] })
    await bench.call('DELETE', `/contacts/${ana.id}`)
    expect((await bench.call('GET', `/contact-${kind}/${id}`)).json()).toMatchObject({ contacts: 1 })
  })

  it('refuse a selection that says nothing, two things, or names what is not there', async () => {
    const id = await newList(kind, 'Clientes')
    const missing = '00000000-0000-4000-8000-000000000000'
    for (const [selection, status] of [
      [{}, 400],
      [{ contactIds: [] }, 400],
      [{ contactIds: ['1'] }, 400],
      [{ contactIds: [1], filter: {} }, 400],
      [{ importId: missing }, 422],
      [{ filter: { groupId: missing } }, 422],
    ] as const) {
      const answer = await bench.call('POST', `/contact-${kind}/${id}/add`, selection)
      expect([selection, answer.statusCode]).toEqual([selection, status])
    }
  })

  it('keep right counts when many change them at once', async () => {
    const id = await newList(kind, 'Clientes')
    const people = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => add({ phone: `11 98765-000${n}` })))
    const ids = people.map((person) => person.id)
    const answers = await Promise.all([
      ...[ids, ids.toReversed(), ids].map((contactIds) =>
        bench.call('POST', `/contact-${kind}/${id}/add`, { contactIds }),
      ),
      bench.call('DELETE', `/contacts/${ids[0]}`),
    ])
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 204])
    const { rows } = await sql<{
      n: number
    }>`select count(*) as n from contact_label_members where label_id = ${id}`.execute(bench.db)
    expect((await bench.call('GET', `/contact-${kind}/${id}`)).json().contacts).toBe(rows[0]?.n)
    expect(rows[0]?.n).toBe(5)
  })
})

it('who is taken out of the contacts while somebody adds them to a list is taken out', async () => {
  const tagId = await newList('tags', 'vip')
  const { id: contactId } = await add({ ...ANA, tagIds: [tagId] })
  const { db, user } = bench
  const removal = await transaction(db, async (trx) => {
    // It is the other one that is turned away.
    await sql`set local deadlock_timeout = '20s'`.execute(trx)
    await trx.selectFrom('contact_labels').select('id').where('id', '=', tagId).forUpdate().execute()
    const answer = besideTransaction(() => bench.call('DELETE', `/contacts/${contactId}`))
    await untilTrue('the removal waits for the list', async () => {
      return (await sql`select from pg_locks where not granted`.execute(trx)).rows.length > 0
    })
    // As adding does, after the list: now each waits for the other.
    await sql`select from contacts where user_id = ${user.id} and id = ${contactId} for key share`.execute(trx)
    return { answer }
  })
  expect((await removal.answer).statusCode).toBe(204)
})

describe("the address book of a channel's phone", () => {
  it('is shown page by page, and becomes contacts that keep the names they had', async () => {
    const { channelId } = await bench.newPhone()
    const first = (await bench.call('GET', `/channels/${channelId}/contacts?limit=5`)).json()
    expect(first.items[0]).toEqual({ phone: '+5511990000001', name: 'Ana Souza' })
    const rest = (
      await bench.call('GET', `/channels/${channelId}/contacts?cursor=${encodeURIComponent(first.nextCursor)}`)
    ).json()
    expect([first.items.length, rest.items.length, rest.nextCursor]).toEqual([5, 3, null])
    await add({ phone: '+5511990000001', name: 'Aninha' })
    await add({ phone: '+5511990000002' })
    const gone = await add({ phone: '+5511990000003', name: 'Carla' })
    await bench.call('POST', `/contacts/${gone.id}/erase`)
    await bench.call('POST', '/suppressions', { phones: ['+5511990000004'] })
    const taken = await bench.call('POST', '/contacts/from-channel', { channelId })
    expect(taken.json()).toEqual({ created: 5, known: 2, refused: 1 })
    expect(await namesIn('limit=50')).toEqual([
      'Aninha',
      'Bruno Lima',
      'Davi Rocha',
      'Érica Nunes',
      'Fábio Melo',
      'Gabi ✨',
      'Hugo Pires',
    ])
    expect((await bench.call('GET', '/suppressions')).json().items).toHaveLength(2)
    expect((await bench.call('POST', '/contacts/from-channel', { channelId })).json()).toMatchObject({
      created: 0,
      known: 7,
    })
  })

  it('is said not to be there on the Cloud API, and not to be reached while the phone is away', async () => {
    const cloud = await buildChannel(bench.db, bench.user.id, { gateway: 'cloud' })
    const none = await bench.call('GET', `/channels/${cloud.id}/contacts`)
    expect([none.statusCode, none.json().error.details[0].message]).toEqual([
      422,
      'A channel on cloud has no address book.',
    ])
    const away = await bench.newPhone()
    await bench.dispatch.sandbox.setState(away.sandboxUser, { state: 'absent' })
    const lost = await bench.call('POST', '/contacts/from-channel', { channelId: away.channelId })
    expect([lost.statusCode, lost.json().error.code]).toEqual([409, 'CHANNEL_NOT_CONNECTED'])
  })
})
