import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { describeZoneData } from './zoneData.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.close())

it('names the release of both sides, and the zones they agree on are all of them', async () => {
  const { node, postgres, disagreeing } = await describeZoneData(database.db)
  expect(node).toBe(process.versions['tz'])
  expect(postgres).toMatch(/^202\d[a-z] or newer$/)
  expect(disagreeing).toEqual([])
})
