import { randomBytes } from 'node:crypto'
import { ApiClient } from './ApiClient.ts'
import type { Site } from './Site.ts'

/**
 * Makes `count` users of a site that has none yet, and signs them in. The first is the administrator; the others are
 * written into the database with the same password.
 */
export async function createTenants(site: Site, count: number): Promise<ApiClient[]> {
  const password = randomBytes(12).toString('base64url')
  const emailOf = (index: number) => `tenant${index}@revoada.local`
  await site.api.post('/api/setup', { name: 'Lab', email: emailOf(0), password })
  for (let index = 1; index < count; index++) await copyFirstUser(site, emailOf(index))
  const tenants = Array.from({ length: count }, () => new ApiClient())
  for (const [index, api] of tenants.entries()) {
    api.address = site.api.address
    await api.post('/api/auth/sign-in', { email: emailOf(index), password })
  }
  return tenants
}

async function copyFirstUser(site: Site, email: string): Promise<void> {
  await site.change(`
    insert into users (name, email, role, password_hash)
    select name, '${email}', 'user', password_hash from users order by created_at limit 1`)
}
