import { check } from '../lab/check.ts'
import { freePort } from '../lab/freePort.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { apiSite, type Person } from '../lab/people.ts'
import { readRoutes, type DescribedRoute } from '../lab/routes.ts'
import type { Site } from '../lab/Site.ts'
import { codeOf, expectStatus, visit, type Reply } from '../lab/visit.ts'

const ONE_YEAR_S = 31_536_000
const JSON_TYPE = 'application/json'
/** Content types that a form or a script of another site sends without asking first. */
const FORM_TYPES = [
  'text/plain',
  'text/plain;charset=UTF-8',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
]
/** Where such a request says it comes from; with none of them it may be JSON of a program, and that is no attack. */
const FOREIGN: Record<string, string>[] = [
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { origin: 'file://' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
]
const BODIES: Record<string, string> = {
  'multipart/form-data; boundary=x':
    '--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\ntelefone\r\n+5511987654321\r\n--x--\r\n',
}

/** Whatever another site makes a browser send with its cookie is refused on every route and changes nothing. */
export async function crossSiteRequests(lab: Lab): Promise<Numbers> {
  const { site, apis, admin } = await apiSite(lab, 1)
  const api = apis[0] ?? ''
  const routes = await readRoutes(api)
  const writing = routes.filter(({ method }) => method !== 'GET')
  check(writing.length > 20, `The description names only ${writing.length} routes that write.`)
  const before = await state(site)
  let refused = 0
  for (const route of writing) refused += await attack(api, admin, route)
  await readAll(api, admin, routes)
  check((await state(site)) === before, 'A request of another site, or one that only reads, changed the database.')
  await ownPage(api, admin)
  const headers = await headersEverywhere(site, api, admin, routes)
  return { 'routes that write': writing.length, 'requests refused': refused, 'answers with all headers': headers }
}

async function attack(api: string, { cookie }: Person, { method, path }: DescribedRoute): Promise<number> {
  const foreign = FOREIGN.flatMap((from) => [...FORM_TYPES, JSON_TYPE].map((type) => ({ from, type })))
  const unsigned = FORM_TYPES.map((type) => ({ from: {}, type }))
  const own = FORM_TYPES.filter((type) => !type.startsWith('multipart')).map((type) => ({
    from: { origin: api },
    type,
  }))
  for (const { from, type } of [...foreign, ...unsigned, ...own]) {
    const body = BODIES[type] ?? '{"name":"x"}'
    const reply = await visit(`${api}${path}`, { method, cookie, body, headers: { 'content-type': type, ...from } })
    expectStatus(`${method} ${path} as ${type} from ${JSON.stringify(from)}`, reply, 403, 415)
    check(
      ['FOREIGN_ORIGIN', 'UNSUPPORTED_MEDIA_TYPE'].includes(codeOf(reply)),
      `${path} was refused as ${codeOf(reply)}.`,
    )
  }
  return foreign.length + unsigned.length + own.length
}

/** Reading changes nothing. */
async function readAll(api: string, { cookie }: Person, routes: DescribedRoute[]): Promise<void> {
  for (const { path } of routes.filter(({ method }) => method === 'GET')) {
    const reply = await visit(`${api}${path}`, { cookie, headers: { accept: JSON_TYPE } })
    check(reply.status < 500, `GET ${path} was answered ${reply.status}.`)
  }
}

/** The same requests from our own page are carried out. */
async function ownPage(api: string, { cookie }: Person): Promise<void> {
  const headers = { origin: api }
  const key = await visit(`${api}/api/user/api-keys`, { method: 'POST', cookie, headers, body: { name: 'lab' } })
  expectStatus('JSON of our own page', key, 201)
  const form = new FormData()
  form.set('defaultCountry', 'BR')
  form.set('file', new Blob(['telefone\n+5511987654321\n'], { type: 'text/csv' }), 'a.csv')
  const upload = await visit(`${api}/api/user/imports`, { method: 'POST', cookie, headers, body: form })
  expectStatus('A file of our own page', upload, 202)
}

/** Everything that people own, as one text; what requests leave by themselves (limits, time of use) does not count. */
async function state(site: Site): Promise<string> {
  const tables = ['users', 'channels', 'campaigns', 'contacts', 'contact_imports', 'api_keys', 'second_factors']
  const parts = tables.map((name) => `(select coalesce(string_agg(t::text, ';' order by t::text), '') from ${name} t)`)
  const sessions = `(select coalesce(string_agg(id::text, ';' order by id), '') from sessions)`
  const [row] = await site.query<{ text: string }>(`select concat_ws('|', ${[...parts, sessions].join(', ')}) as text`)
  return row?.text ?? ''
}

/** The headers that protect a browser are on every answer, refusals included; behind TLS the strict ones, too. */
async function headersEverywhere(site: Site, api: string, admin: Person, routes: DescribedRoute[]): Promise<number> {
  const publicUrl = 'https://revoada.example'
  const port = await freePort()
  await (
    await site.start('api', { PUBLIC_URL: publicUrl, PORT: String(port) })
  ).ready
  const strict = `http://127.0.0.1:${port}`
  const others = ['/', '/assets/none.js', '/api/none', '/%zz', `/api/me?x=${'y'.repeat(20_000)}`]
  const asked = [...routes, ...others.map((path) => ({ method: 'GET', path }))]
  for (const { method, path } of asked) {
    const plain = await visit(`${api}${path}`, { method })
    expectHeaders(`${method} ${path}`, plain, path.startsWith('/api'))
    check(plain.headers.get('strict-transport-security') === null, `${path} asks for TLS where there is none.`)
    const tls = await visit(`${strict}${path}`, { method })
    expectHeaders(`${method} ${path} behind TLS`, tls, path.startsWith('/api'))
    const hsts = /max-age=(\d+)/.exec(tls.headers.get('strict-transport-security') ?? '')?.[1]
    check(Number(hsts) >= ONE_YEAR_S, `${path} behind TLS has an HSTS of ${hsts} s.`)
  }
  const body = { email: admin.email, password: admin.password }
  const signedIn = await visit(`${strict}/api/auth/sign-in`, { method: 'POST', body, headers: { origin: publicUrl } })
  expectStatus('A sign-in behind TLS', signedIn, 200)
  for (const cookie of signedIn.headers.getSetCookie()) {
    check(
      /^__Host-\w+=[\w-]{43}; .*Path=\/; HttpOnly; Secure; SameSite=Lax$/.test(cookie),
      'A cookie lacks an attribute.',
    )
  }
  return asked.length * 2
}

function expectHeaders(what: string, { headers }: Reply, isApi: boolean): void {
  const csp = headers.get('content-security-policy') ?? ''
  check(csp.includes("default-src '") && !/unsafe|\*/.test(csp), `${what} has the policy: ${csp}`)
  check(csp.includes("frame-ancestors 'none'"), `${what} may be framed: ${csp}`)
  check(headers.get('x-content-type-options') === 'nosniff', `${what} may be sniffed.`)
  check(headers.get('referrer-policy') === 'no-referrer', `${what} lets the address go on.`)
  check(headers.get('access-control-allow-origin') === null, `${what} opens itself to other sites.`)
  if (isApi) check(headers.get('cache-control') === 'no-store', `${what} may be kept: ${headers.get('cache-control')}`)
}
