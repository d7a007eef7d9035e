import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, most, until } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { readRoutes } from '../lab/routes.ts'
import { apiSite, newPerson, signIn, type Person } from '../lab/people.ts'
import type { Site } from '../lab/Site.ts'
import { expectStatus, visit } from '../lab/visit.ts'

const REVOKED_WITHIN_MS = 1000

type Key = { id: string; key: string }

/** Only a whole, living key of its own user opens anything, never in a URL; revoked, it is dead everywhere within a second. */
export async function stolenKeys(lab: Lab): Promise<Numbers> {
  const { site, apis, admin } = await apiSite(lab, 2)
  const api = apis[0] ?? ''
  const person = await newPerson(api, admin)
  person.cookie = await signIn(api, person)
  const key = await newKey(api, person)
  const refused = await brokenKeys(apis, key.key)
  const urls = await keysInUrls(apis, person, key.key)
  await samePrefix(site, apis, person, key)
  await otherTenant(apis, admin, person, key)
  const slowest = await revocations(lab, apis, person)
  await isNowhere(site, key.key)
  return { 'broken keys refused': refused, 'URLs refused': urls, 'slowest revocation, ms': slowest }
}

async function brokenKeys(apis: string[], key: string): Promise<number> {
  const flipped = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A')
  const cut = Array.from({ length: key.length }, (_, length) => key.slice(0, length))
  const broken = [
    ...cut,
    flipped,
    `${key}A`,
    `${key} ${key}`,
    key.toUpperCase(),
    key.slice(4),
    `rvd_${key}`,
    "' or ''='",
  ]
  for (const [n, wrong] of broken.entries()) {
    const reply = await visit(`${apis[n % 2]}/api/me`, { headers: { authorization: `Bearer ${wrong}` } })
    expectStatus(`A key of ${wrong.length} characters that is none`, reply, 401)
  }
  expectStatus('A request without anything', await visit(`${apis[0]}/api/me`), 401)
  expectStatus('The key itself', await visit(`${apis[1]}/api/me`, withKey(key)), 200)
  return broken.length
}

/** On every route that reads, beside a good cookie: the key does not open it, and nobody gets used to sending it there. */
async function keysInUrls(apis: string[], person: Person, key: string): Promise<number> {
  const reading = (await readRoutes(apis[0] ?? '')).filter(
    ({ method, access }) => method === 'GET' && access === 'user',
  )
  check(reading.length > 10, `The description names only ${reading.length} routes that read.`)
  for (const { path } of reading) {
    for (const name of ['api_key', 'key', 'token', 'access_token', 'authorization']) {
      const reply = await visit(`${apis[1]}${path}?${name}=${key}`, { cookie: person.cookie })
      expectStatus(`${path} with a key in its URL`, reply, 401)
    }
  }
  return reading.length * 5
}

async function samePrefix(site: Site, apis: string[], person: Person, key: Key): Promise<void> {
  const twin = await newKey(apis[0] ?? '', person)
  await site.change(
    `update api_keys set prefix = (select prefix from api_keys where id = '${key.id}') where id = '${twin.id}'`,
  )
  for (const api of apis) {
    expectStatus('A key beside one with its prefix', await visit(`${api}/api/me`, withKey(key.key)), 200)
    const collision = key.key.slice(0, 10) + randomBytes(40).toString('base64url').slice(0, 37)
    expectStatus('Another key with the prefix', await visit(`${api}/api/me`, withKey(collision)), 401)
  }
}

async function otherTenant(apis: string[], admin: Person, person: Person, key: Key): Promise<void> {
  const revoke = (id: string) => visit(`${apis[0]}/api/user/api-keys/${id}`, { method: 'DELETE', cookie: admin.cookie })
  const foreign = expectStatus("Revoking somebody else's key", await revoke(key.id), 404)
  const missing = expectStatus('Revoking a key that never was', await revoke(randomUUID()), 404)
  check(foreign.text === missing.text, 'The answer tells that the key exists.')
  const mine = await visit(`${apis[1]}/api/me`, withKey(key.key))
  check(mine.text.includes(person.id), 'The key opens another account than its own.')
}

async function revocations(lab: Lab, apis: string[], person: Person): Promise<number> {
  const spent: number[] = []
  for (let round = 0; round < lab.rounds(20, 3); round++) {
    const { id, key } = await newKey(apis[0] ?? '', person)
    for (const api of apis) expectStatus('A new key', await visit(`${api}/api/me`, withKey(key)), 200)
    const url = `${apis[round % 2]}/api/user/api-keys/${id}`
    const revoked = await visit(url, { method: 'DELETE', cookie: person.cookie })
    expectStatus('Revoking a key', revoked, 204)
    const at = performance.now()
    for (const api of apis) {
      const isDead = async () => ((await visit(`${api}/api/me`, withKey(key))).status === 401 ? true : null)
      await until('a revoked key to be refused', isDead, { limitMs: lab.limit(REVOKED_WITHIN_MS) })
    }
    spent.push(performance.now() - at)
  }
  return most(spent)
}

/** Neither stored nor logged, beyond the part by which people recognise it. */
async function isNowhere(site: Site, key: string): Promise<void> {
  const tables = await site.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'public'`,
  )
  for (const { name } of tables) {
    const found = await site.query(`select 1 from ${name} t where position($1 in t::text) > 0`, [key.slice(10)])
    check(found.length === 0, `The table ${name} holds a key.`)
  }
  const log = readFileSync(join(site.directory, 'servers.log'), 'utf8')
  check(!log.includes(key.slice(10)), 'The log holds a key.')
}

async function newKey(api: string, person: Person): Promise<Key> {
  const reply = await visit(`${api}/api/user/api-keys`, {
    method: 'POST',
    body: { name: 'lab' },
    cookie: person.cookie,
  })
  return JSON.parse(expectStatus('Making a key', reply, 201).text) as Key
}

function withKey(key: string) {
  return { headers: { authorization: `Bearer ${key}` } }
}
