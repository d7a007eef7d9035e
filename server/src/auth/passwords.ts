import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { AppError } from '#server/lib/AppError.ts'

type Cost = { N: number; r: number; p: number }

/** OWASP's Password Storage Cheat Sheet names this among the equivalent minima for scrypt: 16 MiB a hash. */
const COST: Cost = { N: 2 ** 14, r: 8, p: 5 }
/** What the accounts of the first releases were hashed with: half the time. */
const OLD_COST: Cost = { N: 2 ** 14, r: 16, p: 1 }
/**
 * The time that an old hash lacks, which would tell that such an account exists. Not by N·r·p alone, because larger blocks
 * take longer: together 167 ms of a processor where today's hash takes 168.
 */
const MISSING_COST: Cost = { N: 2 ** 13, r: 8, p: 5 }
const KEY_BYTES = 32
const OLD_KEY_BYTES = 64
const SALT_BYTES = 16

const CURRENT = /^scrypt\$14\$8\$5\$([\w-]{22})\$([\w-]{43})$/
const OLD = /^([0-9a-f]{32}):([0-9a-f]{128})$/

/** `scrypt$log2(N)$r$p$salt$key`, both in base64url. Spellings of one character (NFKC) are one password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await derive(password, salt, COST, KEY_BYTES)
  return `scrypt$14$8$5$${salt.toString('base64url')}$${key.toString('base64url')}`
}

/** `outdated`: right, but hashed with less work than today's; hash it again. */
export type Verdict = 'right' | 'outdated' | 'wrong'

/** Takes the same time whatever the hash; without one (null: there is no such account) the answer is `wrong`. */
export async function verifyPassword(stored: string | null, password: string): Promise<Verdict> {
  const old = OLD.exec(stored ?? '')
  if (old !== null) return verifyOld(old, password)
  const [, salt, key] = CURRENT.exec(stored ?? '') ?? []
  const known = key === undefined ? randomBytes(KEY_BYTES) : Buffer.from(key, 'base64url')
  const given = await derive(password, Buffer.from(salt ?? 'A'.repeat(22), 'base64url'), COST, KEY_BYTES)
  return timingSafeEqual(given, known) ? 'right' : 'wrong'
}

async function verifyOld([, salt = '', key = '']: RegExpExecArray, password: string): Promise<Verdict> {
  const given = await derive(password, Buffer.from(salt), OLD_COST, OLD_KEY_BYTES)
  await derive(password, Buffer.from(salt), MISSING_COST, KEY_BYTES)
  return timingSafeEqual(given, Buffer.from(key, 'hex')) ? 'outdated' : 'wrong'
}

/** Each takes 16 MiB and a thread of the four that file and name look-ups share. */
const MOST_AT_ONCE = 2
const MOST_WAITING = 64
let running = 0
const waiting: (() => void)[] = []

async function derive(password: string, salt: Buffer, { N, r, p }: Cost, bytes: number): Promise<Buffer> {
  if (waiting.length >= MOST_WAITING) throw new AppError('UNAVAILABLE', { details: { retryAfterSeconds: 2 } })
  if (running >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
  else running++
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const options = { N, r, p, maxmem: 256 * N * r }
      scrypt(password.normalize('NFKC'), salt, bytes, options, (error, key) => (error ? reject(error) : resolve(key)))
    })
  } finally {
    // Whoever waits gets our place; it stays counted.
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
}
