import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { findContactByPhone, updateContact } from './contactQueries.ts'
import { transaction } from '#server/db/transaction.ts'
import { buildCampaign, buildChannel } from '#server/test/builders.ts'
import { claimImport } from './importLeases.ts'
import { importBench } from './importTestBench.ts'
import { undoChunk } from './undoImport.ts'

const bench = importBench()

const people = (from: number, count: number) =>
  `nome;telefone\n${Array.from({ length: count }, (_, n) => `Pessoa ${from + n};119${70_000_000 + from + n}\n`).join('')}`

async function edit(phone: string): Promise<void> {
  const contact = await findContactByPhone(bench.db, bench.user.id, phone)
  await transaction(bench.db, (trx) => updateContact(trx, bench.user.id, contact?.id ?? 0, { name: 'Outra' }))
}

async function undone(id: string) {
  const answer = await bench.post(`/${id}/undo`)
  expect([answer.statusCode, answer.json<object>()]).toEqual([202, expect.objectContaining({ status: 'undoing' })])
  return bench.untilStatus(id, ['undone'])
}

describe('taking an import back', () => {
  it('removes whom it created and nothing else uses, and says how many stayed and why', async () => {
    await bench.newUser()
    bench.startRunner()
    await bench.imported(people(0, 1))
    const { id } = await bench.imported(people(0, 10))
    await bench.imported(people(2, 3))
    await edit('+5511970000008')
    await edit('+5511970000009')
    const row = await undone(id)
    expect(row).toMatchObject({
      rows: 10,
      accepted: 10,
      created: 9,
      undo: { removed: 4, keptChanged: 2, keptInOtherImport: 3, keptForCampaign: 0 },
    })
    expect((await bench.contacts()).map(({ phone }) => Number(phone.slice(-1)))).toEqual([0, 2, 3, 4, 8, 9])
    const [asked, ended] = await bench.db
      .selectFrom('audit_events')
      .selectAll()
      .where('target', '=', id)
      .orderBy('id', 'desc')
      .limit(2)
      .execute()
      .then((rows) => rows.toReversed())
    expect(asked).toMatchObject({ action: 'import-undo', user_id: bench.user.id, owner_id: bench.user.id })
    expect(ended).toMatchObject({
      action: 'import-undone',
      user_id: null,
      owner_id: bench.user.id,
      details: { fileName: 'lista.csv', removed: 4, keptChanged: 2 },
    })
  })

  it('leaves whoever was put into a group since', async () => {
    await bench.newUser()
    bench.startRunner()
    const { id } = await bench.imported(people(0, 3))
    const contact = await findContactByPhone(bench.db, bench.user.id, '+5511970000001')
    await sql`
      with made as (insert into contact_labels (user_id, kind, name) values (${bench.user.id}, 'group', 'Fiéis') returning id)
      insert into contact_label_members (user_id, label_id, contact_id) select ${bench.user.id}, id, ${contact?.id} from made
    `.execute(bench.db)
    expect(await undone(id)).toMatchObject({ undo: { removed: 2, keptChanged: 1 } })
    expect((await bench.contacts()).map(({ phone }) => phone)).toEqual(['+5511970000001'])
  })

  it('happens once, never while the import goes on, and can be removed afterwards', async () => {
    await bench.newUser()
    const running = (await bench.upload(people(0, 5))).json<{ id: string }>().id
    expect((await bench.post(`/${running}/undo`)).json()).toMatchObject({ error: { code: 'IMPORT_STATE' } })
    const runner = bench.startRunner()
    await bench.untilEnded(running)
    await runner.stop()
    expect((await bench.post(`/${running}/undo`)).statusCode).toBe(202)
    expect((await bench.post(`/${running}/undo`)).statusCode).toBe(409)
    expect((await bench.remove(`/${running}`)).json()).toMatchObject({ error: { code: 'IMPORT_STATE' } })
    bench.startRunner()
    await bench.untilStatus(running, ['undone'])
    expect((await bench.post(`/${running}/undo`)).statusCode).toBe(409)
    expect((await bench.remove(`/${running}`)).statusCode).toBe(204)
    expect(await bench.contacts()).toEqual([])
  })

  it('also of one that was cancelled in the middle takes out what had come', async () => {
    await bench.newUser()
    const runner = bench.startRunner({ batchRows: 10 })
    const { id } = (await bench.upload(people(0, 2000))).json<{ id: string }>()
    await expect.poll(async () => (await bench.get(`/${id}`)).rows).toBeGreaterThan(0)
    await bench.remove(`/${id}`)
    await runner.stop()
    const { accepted } = await bench.get(`/${id}`)
    bench.startRunner()
    expect((await undone(id)).undo).toMatchObject({ removed: accepted })
    expect(await bench.contacts()).toEqual([])
  })

  it('goes on where another process died, and counts nobody twice', async () => {
    await bench.newUser()
    const runner = bench.startRunner()
    const { id } = await bench.imported(people(0, 12_000))
    await edit('+5511970000003')
    await runner.stop()
    await bench.post(`/${id}/undo`)
    const dead = { userId: bench.user.id, importId: id, owner: crypto.randomUUID(), leaseSeconds: 0.2 }
    expect((await claimImport(bench.db, dead.owner, dead.leaseSeconds))?.id).toBe(id)
    expect(await undoChunk(bench.db, dead)).toBe(true)
    expect((await bench.get(`/${id}`)).undo).toMatchObject({ removed: 4999, keptChanged: 1 })
    bench.startRunner()
    const { undo } = await bench.untilStatus(id, ['undone'])
    expect(undo).toEqual({ removed: 11_999, keptChanged: 1, keptInOtherImport: 0, keptForCampaign: 0 })
    await expect(undoChunk(bench.db, dead)).rejects.toThrow('does not hold')
    expect(await bench.contacts()).toHaveLength(1)
  })

  it('is refused while a campaign reads its people from there', async () => {
    const { id: userId } = await bench.newUser()
    bench.startRunner()
    const { id } = await bench.imported(people(0, 3))
    const campaign = await preparingCampaign(userId, id)
    expect((await bench.post(`/${id}/undo`)).json()).toMatchObject({ error: { code: 'IMPORT_STATE' } })
    expect(await bench.get(`/${id}`)).toMatchObject({ status: 'completed', undo: null })
    await sql`update campaigns set preparing = false where id = ${campaign}`.execute(bench.db)
    expect((await undone(id)).undo).toMatchObject({ removed: 3 })
  })

  it('leaves everybody for a campaign that was created in the last moment', async () => {
    const { id: userId } = await bench.newUser()
    const runner = bench.startRunner()
    const { id } = await bench.imported(people(0, 3))
    await runner.stop()
    await bench.post(`/${id}/undo`)
    await preparingCampaign(userId, id)
    bench.startRunner()
    const { undo } = await bench.untilStatus(id, ['undone'])
    expect(undo).toEqual({ removed: 0, keptChanged: 0, keptInOtherImport: 0, keptForCampaign: 3 })
    expect(await bench.contacts()).toHaveLength(3)
  })
})

/** A campaign whose people are about to be copied from the import. */
async function preparingCampaign(userId: string, importId: string): Promise<string> {
  const { id: channelId } = await buildChannel(bench.db, userId)
  const { id } = await buildCampaign(bench.db, { userId, channelId })
  await sql`update campaigns set preparing = true where id = ${id}`.execute(bench.db)
  await sql`
    insert into campaign_sources (user_id, campaign_id, position, kind, import_id) values (${userId}, ${id}, 99, 'import', ${importId})
  `.execute(bench.db)
  return id
}
