import type { FastifyRequest } from 'fastify'
import type { Db } from '#server/db/Database.ts'
import { clientNetwork } from './clientNetwork.ts'
import type { KnownDevices } from './knownDevices.ts'
import { deleteExpiredRateLimits, rateLimitKey, takeTurn } from './rateLimits.ts'
import { isAppCode } from './secondFactor.ts'

const MINUTE_S = 60
const HOUR_S = 3600
/** An hour allows so many times what a minute does: 60 guesses, or 1,440 a day, against one account. */
const MINUTES_WORTH_IN_AN_HOUR = 6
/** Of so many attempts one also sweeps the limits that ran out. */
const SWEEP_EVERY = 100

/**
 * One attempt at a password: `limit` in any 60 s from one address and on one account, and six times that in any hour on
 * the account. A browser that has signed in there before has a count of its own. Throws RATE_LIMIT.
 */
export async function takeSignInTurn(
  { db, devices, signInLimit: limit }: { db: Db; devices: KnownDevices; signInLimit: number },
  request: FastifyRequest,
  email: string,
): Promise<void> {
  // The address comes first: whoever is stopped there cannot use up the turns of someone else's account.
  const address = rateLimitKey('sign-in-address', clientNetwork(request.ip))
  await takeTurn(db, { key: address, limit, windowSeconds: MINUTE_S })
  const device = await devices.find(db, request, email)
  const who = [email.toLowerCase(), ...(device === null ? [] : [device])]
  await takeTurn(db, { key: rateLimitKey('sign-in-account', ...who), limit, windowSeconds: MINUTE_S })
  const hourly = { limit: limit * MINUTES_WORTH_IN_AN_HOUR, windowSeconds: HOUR_S }
  await takeTurn(db, { key: rateLimitKey('sign-in-hour', ...who), ...hourly })
  if (Math.random() * SWEEP_EVERY < 1) await deleteExpiredRateLimits(db)
}

/** Of six digits three are right at any moment: ten tries in 15 minutes find one in a year with odds of two to one. */
const CODE_LIMIT = { limit: 10, windowSeconds: 900 }

/**
 * One attempt at a second factor; only who knows the password gets here. As with passwords a browser that has signed in
 * there before has a count of its own. Backup codes are not counted: nobody guesses 120 bits. Throws RATE_LIMIT.
 */
export async function takeCodeTurn(
  { db, devices }: { db: Db; devices: KnownDevices },
  request: FastifyRequest,
  { id, email }: { id: string; email: string },
  code: string,
): Promise<void> {
  if (!isAppCode(code)) return
  const device = await devices.find(db, request, email)
  const who = [id, ...(device === null ? [] : [device])]
  await takeTurn(db, { key: rateLimitKey('second-factor', ...who), ...CODE_LIMIT })
}
