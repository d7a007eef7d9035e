import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { importBench } from './importTestBench.ts'

const bench = importBench()

const example = (name: string) => readFileSync(new URL(`../../../examples/${name}`, import.meta.url))

/** The expected files were written by hand from the input: they say what a person would make of each line. */
it('the file with every ugliness comes out as a person would read it, byte for byte', async () => {
  await bench.newUser()
  bench.startRunner({ batchRows: 7 })
  const row = await bench.imported(example('contatos-dificeis.csv'))
  expect(await bench.dump(row.id)).toBe(example('contatos-dificeis.aceitos.jsonl').toString())
  expect(await bench.text(`/${row.id}/rejected.csv`)).toBe(example('contatos-dificeis.rejected.csv').toString())
  expect(await bench.text(`/${row.id}/warnings.csv`)).toBe(example('contatos-dificeis.warnings.csv').toString())
  expect(row).toMatchObject({ rows: 45, accepted: 31, created: 31, duplicates: 4, rejected: 10, warnings: 4 })
})
