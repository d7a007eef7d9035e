import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { insertContact } from './contactQueries.ts'
import { importBench } from './importTestBench.ts'

const bench = importBench()

it('somebody who is added by hand while the file is stored is one contact, and not created by the file', async () => {
  const { id: userId } = await bench.newUser()
  const importing = await bench.db.transaction().execute(async (trx) => {
    await insertContact(trx, userId, { phone: '+5511987654321', name: '', variables: { origem: 'balcão' } })
    bench.startRunner()
    const started = bench.imported('nome;telefone\nAna;11 98765-4321\nBia;11 98765-4322\n')
    await untilSomebodyWaits()
    // A promise within a promise would be waited for before the transaction ends.
    return { started }
  })
  expect(await importing.started).toMatchObject({ accepted: 2, created: 1, duplicates: 0 })
  const { rows } = await sql`select name, variables from contacts where user_id = ${userId} order by phone`.execute(
    bench.db,
  )
  expect(rows).toEqual([
    { name: 'Ana', variables: { nome: 'Ana', origem: 'balcão', telefone: '11 98765-4321' } },
    { name: 'Bia', variables: { nome: 'Bia', telefone: '11 98765-4322' } },
  ])
})

/** For the row that the open transaction holds. */
async function untilSomebodyWaits(): Promise<void> {
  for (;;) {
    const { rows } = await sql`
      select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'transactionid'
    `.execute(bench.db)
    if (rows.length > 0) return
  }
}
