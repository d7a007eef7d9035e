import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { integerArray, textArray } from './binaryArrays.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

const texts = fc.array(fc.string({ unit: 'binary', maxLength: 50 }).map((text) => text.replaceAll('\0', '')))
const integers = fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))

it('any texts and integers arrive as they were', async () => {
  await fc.assert(
    fc.asyncProperty(texts, integers, async (sentTexts, sentIntegers) => {
      const { rows } = await sql<{ texts: string[]; integers: number[] }>`
        select ${textArray(sentTexts)}::text[] as texts, ${integerArray(sentIntegers)}::integer[] as integers
      `.execute(database.db)
      expect(rows).toEqual([{ texts: sentTexts, integers: sentIntegers }])
    }),
    {
      examples: [
        [['', '"', '\\', '{}', 'NULL', ',', '👩🏽‍🔧'], [0]],
        [[], []],
      ],
    },
  )
})
