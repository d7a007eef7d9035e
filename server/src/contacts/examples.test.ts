import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { importBench } from './importTestBench.ts'

const bench = importBench()

const example = (name: string) => readFileSync(new URL(`../../../examples/${name}`, import.meta.url))

/** Who an import brought, a line of JSON each, in the order of the file. */
async function dumpOf(importId: string): Promise<string> {
  const rows = await bench.db
    .selectFrom('import_contacts as m')
    .innerJoin('contacts as c', (join) => join.onRef('c.user_id', '=', 'm.user_id').onRef('c.id', '=', 'm.contact_id'))
    .select(['m.line', 'c.phone', 'c.name', 'c.variables'])
    .where('m.import_id', '=', importId)
    .orderBy('m.line')
    .execute()
  return rows
    .map(({ line, phone, name, variables }) => {
      const sorted = Object.entries(variables).toSorted(([a], [b]) => (a < b ? -1 : 1))
      return `{"line":${line},"phone":"${phone}","name":${JSON.stringify(name)},"variables":{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}}\n`
    })
    .join('')
}

/** The expected files were written by hand from the input: they say what a person would make of each line. */
it('the file with every ugliness comes out as a person would read it, byte for byte', async () => {
  await bench.newUser()
  bench.startRunner({ batchRows: 7 })
  const row = await bench.imported(example('contatos-dificeis.csv'))
  expect(await dumpOf(row.id)).toBe(example('contatos-dificeis.aceitos.jsonl').toString())
  expect(await bench.text(`/${row.id}/rejected.csv`)).toBe(example('contatos-dificeis.rejected.csv').toString())
  expect(await bench.text(`/${row.id}/warnings.csv`)).toBe(example('contatos-dificeis.warnings.csv').toString())
  expect(row).toMatchObject({ rows: 45, accepted: 31, created: 31, duplicates: 4, rejected: 10, warnings: 4 })
})
