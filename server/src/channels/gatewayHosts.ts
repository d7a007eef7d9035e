import type { Db } from '#server/db/Database.ts'
import type { ChannelRow } from './channelTables.ts'

/** Whether every user may name this gateway: its host, with its port, is one of `GATEWAY_ALLOWED_HOSTS`. */
export function isAllowedHost(allowedHosts: readonly string[], baseUrl: string): boolean {
  return allowedHosts.includes(new URL(baseUrl).host)
}

/**
 * The same question when a channel is about to be used: the list may have become shorter, and who named the address may
 * have been an administrator. Addresses that no user can name are always fine.
 */
export function hostRule(db: Db, allowedHosts: readonly string[]): (channel: ChannelRow) => Promise<boolean> {
  return async ({ gateway, base_url: baseUrl, user_id: userId }) => {
    if (gateway === 'sandbox' || baseUrl === null || isAllowedHost(allowedHosts, baseUrl)) return true
    const owner = await db.selectFrom('users').select('role').where('id', '=', userId).executeTakeFirst()
    return owner?.role === 'admin'
  }
}
