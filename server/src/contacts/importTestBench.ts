import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { ContactImport } from '#contract/imports.ts'
import type { Db } from '#server/db/Database.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { testSuppressions } from '#server/test/builders.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { createImportRunner, type ImportRunner } from './importRunner.ts'
import { importRoutes } from './importRoutes.ts'

const BOUNDARY = 'test-boundary'

type Person = { id: string; cookie: string }
type Fields = Record<string, string>

/** The API of imports and their runners on a database, as one signed-in user after another. */
export class ImportTestBench {
  db!: Db
  app!: FastifyInstance
  user!: Person
  readonly #runners: ImportRunner[] = []
  #database!: TestDatabase

  async open(): Promise<void> {
    this.#database = await createTestDatabase({ max: 15 })
    this.db = this.#database.db
    const onQueued = () => this.#runners.forEach((runner) => runner.nudge())
    const routes = [importRoutes({ db: this.db, suppressions: testSuppressions, maxUploadBytes: 20_000_000, onQueued })]
    this.app = await createTestApp(this.db, { routes })
  }

  async close(): Promise<void> {
    await this.app.close()
    await this.#database.close()
  }

  async newUser(): Promise<Person> {
    this.user = await signInAs(this.app, this.db, 'user')
    return this.user
  }

  startRunner(options: { batchRows?: number; leaseSeconds?: number } = {}): ImportRunner {
    const { db } = this
    const runner = createImportRunner({ db, log: testLog, suppressions: testSuppressions, intervalMs: 50, ...options })
    this.#runners.push(runner)
    runner.start()
    return runner
  }

  async stopRunners(): Promise<void> {
    await Promise.all(this.#runners.splice(0).map((runner) => runner.stop()))
  }

  upload(file: string | Buffer, fields: Fields = {}, headers: Fields = {}) {
    const parts = Object.entries(fields).map(
      ([name, value]) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="lista.csv"\r\n\r\n`
    const payload = Buffer.concat([
      Buffer.from(`${parts.join('')}${head}`),
      Buffer.from(file),
      Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
    ])
    const type = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
    return this.app.inject({
      method: 'POST',
      url: '/api/user/imports',
      headers: { ...this.#session(), ...type, ...headers },
      payload,
    })
  }

  post(path: string, payload: object = {}) {
    return this.app.inject({ method: 'POST', url: `/api/user/imports${path}`, headers: this.#session(), payload })
  }

  remove(path: string) {
    return this.app.inject({ method: 'DELETE', url: `/api/user/imports${path}`, headers: this.#session() })
  }

  async get<T = ContactImport>(path: string): Promise<T> {
    return (await this.app.inject({ url: `/api/user/imports${path}`, headers: this.#session() })).json<T>()
  }

  async text(path: string): Promise<string> {
    return (await this.app.inject({ url: `/api/user/imports${path}`, headers: this.#session() })).body
  }

  /** Uploads and waits for the end. */
  async imported(file: string | Buffer, country = 'BR'): Promise<ContactImport> {
    const answer = await this.upload(file, { defaultCountry: country })
    if (answer.statusCode !== 202) throw new Error(answer.body)
    return this.untilEnded(answer.json<ContactImport>().id)
  }

  /** Uploads to be looked at first; returns the id. */
  async waiting(file: string | Buffer, country = 'BR'): Promise<string> {
    const answer = await this.upload(file, { defaultCountry: country, preview: 'true' })
    if (answer.json<ContactImport>().status !== 'preview') throw new Error(answer.body)
    return answer.json<ContactImport>().id
  }

  async untilEnded(id: string): Promise<ContactImport> {
    return this.untilStatus(id, ['completed', 'failed', 'cancelled'])
  }

  async untilStatus(id: string, statuses: ContactImport['status'][]): Promise<ContactImport> {
    for (;;) {
      const row = await this.get(`/${id}`)
      if (statuses.includes(row.status)) return row
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  /** Of the user's contacts, in the order of their phones. */
  async contacts(): Promise<{ phone: string; name: string; variables: Record<string, string> }[]> {
    return this.db
      .selectFrom('contacts')
      .select(['phone', 'name', 'variables'])
      .where('user_id', '=', this.user.id)
      .orderBy('phone')
      .execute()
  }

  /** Who an import brought, a line of JSON each, in the order of the file. */
  async dump(importId: string): Promise<string> {
    const rows = await this.db
      .selectFrom('import_contacts as m')
      .innerJoin('contacts as c', (on) => on.onRef('c.user_id', '=', 'm.user_id').onRef('c.id', '=', 'm.contact_id'))
      .select(['m.line', 'c.phone', 'c.name', 'c.variables'])
      .where('m.import_id', '=', importId)
      .orderBy('m.line')
      .execute()
    return rows
      .map(({ line, phone, name, variables }) => {
        const sorted = Object.entries(variables).toSorted(([a], [b]) => (a < b ? -1 : 1))
        const fields = sorted.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')
        return `{"line":${line},"phone":"${phone}","name":${JSON.stringify(name)},"variables":{${fields}}}\n`
      })
      .join('')
  }

  #session(): Fields {
    return { cookie: this.user.cookie, 'sec-fetch-site': 'same-origin' }
  }
}

/** A bench for all tests of a file; its runners stop after each. */
export function importBench(): ImportTestBench {
  const bench = new ImportTestBench()
  beforeAll(() => bench.open())
  afterAll(() => bench.close())
  afterEach(() => bench.stopRunners())
  return bench
}
