import { randomBytes } from 'node:crypto'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { apiSite, newPassword, newPerson, signIn, type Person } from '../lab/people.ts'
import { expectStatus, visit } from '../lab/visit.ts'

type Ending = {
  name: string
  /** What ends the session `person.cookie`, asked of one process. Returns the cookies of the session that replaces it. */
  end: (at: { api: string; admin: Person; person: Person }) => Promise<string | null>
}

/** No session outlives what should end it, in any process; no identifier is ever taken over from the browser. */
export async function fixedSessions(lab: Lab): Promise<Numbers> {
  const { apis, admin } = await apiSite(lab, 2)
  const ids = await plantedCookies(lab, apis, admin)
  const rounds = lab.rounds(10, 1)
  for (let round = 0; round < rounds; round++) {
    for (const ending of ENDINGS) {
      lab.tell(`round ${round + 1} of ${rounds}: ${ending.name}`)
      await endsEverywhere(apis, admin, ending, round)
    }
  }
  return { 'different session ids': ids, 'ways to end': ENDINGS.length, 'rounds of each, two processes': rounds }
}

async function plantedCookies(lab: Lab, apis: string[], admin: Person): Promise<number> {
  const person = await newPerson(apis[0] ?? '', admin)
  const seen = new Set<string>()
  const sessions = lab.rounds(50, 5)
  let cookie = `revoada_session=${randomBytes(32).toString('base64url')}`
  for (let n = 0; n < sessions; n++) {
    const opened = await signIn(apis[n % 2] ?? '', person, cookie)
    check(/^revoada_session=[\w-]{43}(;|$)/.test(opened), 'A session id has not 256 bits.')
    check(!opened.includes(valueOf(cookie)), 'The id that the browser brought was taken over.')
    await isDead('the cookie from before the sign-in', apis, cookie)
    seen.add(valueOf(opened))
    cookie = opened
  }
  check(seen.size === sessions, `${sessions} sign-ins made ${seen.size} session ids.`)
  return seen.size
}

async function endsEverywhere(apis: string[], admin: Person, { name, end }: Ending, round: number): Promise<void> {
  const [here = '', there = ''] = round % 2 === 0 ? apis : apis.toReversed()
  const person = await newPerson(here, admin)
  person.cookie = await signIn(there, person)
  for (const api of apis) expectStatus(`A living session before ${name}`, await me(api, person.cookie), 200)
  const next = await end({ api: here, admin, person })
  // The process that did not end it is asked first, and at once.
  await isDead(name, [there, here], person.cookie)
  if (next === null) return
  check(valueOf(next) !== valueOf(person.cookie), `After ${name} the session id is the same.`)
  for (const api of apis) expectStatus(`The new session after ${name}`, await me(api, next), 200)
}

const change = (body: object): Ending['end'] => {
  return async ({ api, admin, person }) => {
    const url = `${api}/api/admin/users/${person.id}`
    const reply = await visit(url, { method: 'PATCH', body, cookie: admin.cookie })
    expectStatus(`Changing a user by ${JSON.stringify(body)}`, reply, 200)
    return null
  }
}

const ENDINGS: Ending[] = [
  { name: 'a sign-in in the same browser', end: ({ api, person }) => signIn(api, person, person.cookie) },
  {
    name: 'a new password',
    end: async ({ api, person }) => {
      const body = { currentPassword: person.password, newPassword: newPassword() }
      const reply = await visit(`${api}/api/user/password`, { method: 'POST', body, cookie: person.cookie })
      return expectStatus('A change of password', reply, 204).cookies.join('; ')
    },
  },
  {
    name: 'the sign-out',
    end: async ({ api, person }) => {
      const reply = await visit(`${api}/api/auth/sign-out`, { method: 'POST', cookie: person.cookie })
      expectStatus('A sign-out', reply, 204)
      return null
    },
  },
  {
    name: 'being ended from another browser',
    end: async ({ api, person }) => {
      const other = await signIn(api, person)
      const reply = await visit(`${api}/api/user/sessions`, { method: 'DELETE', cookie: other })
      expectStatus('Ending all other sessions', reply, 204)
      return other
    },
  },
  { name: 'another role', end: change({ role: 'admin' }) },
  { name: 'a password set by the administrator', end: change({ password: newPassword() }) },
  { name: 'being disabled', end: change({ disabled: true }) },
  {
    name: 'being deleted',
    end: async ({ api, admin, person }) => {
      const url = `${api}/api/admin/users/${person.id}`
      expectStatus('Deleting a user', await visit(url, { method: 'DELETE', cookie: admin.cookie }), 204)
      return null
    },
  },
]

async function isDead(name: string, apis: string[], cookie: string): Promise<void> {
  for (const api of apis) expectStatus(`After ${name} the old session`, await me(api, cookie), 401)
}

function me(api: string, cookie: string) {
  return visit(`${api}/api/me`, { cookie })
}

function valueOf(cookies: string): string {
  return /revoada_session=([\w-]+)/.exec(cookies)?.[1] ?? ''
}
