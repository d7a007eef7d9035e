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
    with first as (select * from users order by created_at limit 1),
    made as (
      insert into users (name, email, email_verified, updated_at, role)
      select name, '${email}', email_verified, updated_at, 'user' from first returning id
    )
    insert into accounts (account_id, provider_id, user_id, password, updated_at)
    select made.id::text, a.provider_id, made.id, a.password, a.updated_at
    from made, accounts a join first on first.id = a.user_id`)
}
