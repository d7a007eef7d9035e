import { randomBytes } from 'node:crypto'
import type { Lab } from './Lab.ts'
import type { Site } from './Site.ts'
import { expectStatus, visit } from './visit.ts'

/** Somebody with a password. `cookie` is of a session; empty before signing in. */
export type Person = { id: string; email: string; password: string; cookie: string }

/** An installation on an external PostgreSQL with processes of their own for the API, and its administrator, signed in. */
export async function apiSite(lab: Lab, processes: number, settings: Record<string, string> = {}) {
  const { site, apis } = await emptyApiSite(lab, processes, settings)
  const admin = { id: '', email: 'lab@revoada.local', password: newPassword(), cookie: '' }
  const body = { name: 'Lab', email: admin.email, password: admin.password }
  const made = await visit(`${apis[0]}/api/setup`, { method: 'POST', body })
  expectStatus('The setup', made, 201)
  admin.id = (JSON.parse(made.text) as Person).id
  admin.cookie = made.cookies.join('; ')
  return { site, apis, admin }
}

/** The same before anybody has set it up. */
export async function emptyApiSite(
  lab: Lab,
  processes: number,
  settings: Record<string, string> = {},
): Promise<{ site: Site; apis: string[] }> {
  const site = await lab.externalSite({ SIGN_IN_LIMIT: '100000', ...settings })
  const apis: string[] = []
  for (let n = 0; n < processes; n++) apis.push((await (await site.start('api')).ready).address ?? '')
  return { site, apis }
}

/** A user made by the administrator; not signed in yet. */
export async function newPerson(api: string, admin: Person, role: 'admin' | 'user' = 'user'): Promise<Person> {
  const password = newPassword()
  const email = `${randomBytes(6).toString('hex')}@revoada.local`
  const body = { name: 'Lab', email, password, role }
  const made = await visit(`${api}/api/admin/users`, { method: 'POST', body, cookie: admin.cookie })
  expectStatus('Making a user', made, 201)
  return { id: (JSON.parse(made.text) as Person).id, email, password, cookie: '' }
}

/** Opens a session, in the browser that holds `cookie`; returns the cookies. */
export async function signIn(api: string, { email, password }: Person, cookie?: string): Promise<string> {
  const body = { email, password }
  const more = cookie === undefined ? {} : { cookie }
  const reply = await visit(`${api}/api/auth/sign-in`, { method: 'POST', body, ...more })
  return expectStatus('A sign-in', reply, 200).cookies.join('; ')
}

export function newPassword(): string {
  return randomBytes(12).toString('base64url')
}
