import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

/** Parsers of settings: text in, value out; their messages never repeat the text, which may be a secret. */

export function oneOf<const T extends string>(values: readonly [T, ...T[]]) {
  return z.enum(values, `must be one of ${values.join(', ')}`)
}

export const flag = oneOf(['true', 'false']).transform((text) => text === 'true')

export const text = z.string()

/** A whole number in digits only: no sign, no exponent, no unit. */
export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message)
}

export const databaseUrl = z
  .string()
  .refine((value) => /^postgres(ql)?:\/\/\S+$/.test(value) && URL.canParse(value), 'must be postgres://…')

/** An http(s) address without path, query or sign-in; kept as its origin, without a slash at the end. */
export const origin = z
  .string()
  .refine(isOrigin, 'must be http://… or https://… with host and port only')
  .transform((value) => new URL(value).origin)

function isOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return /^https?:$/.test(url.protocol) && plain && url.pathname === '/'
}

export const hostList = commaList(
  (host) => /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/i.test(host),
  'must be host names or host:port, separated by commas',
).transform((hosts) => hosts.map((host) => host.toLowerCase()))

/** Networks that may tell us the client's address. `true` and /0 would let every client choose its own. */
export const networkList = commaList(isNetwork, 'must be addresses or networks such as 10.0.0.0/8, separated by commas')

function isNetwork(network: string): boolean {
  const [address = '', prefix, more] = network.split('/')
  const version = isIP(address)
  if (version === 0 || more !== undefined) return false
  if (prefix === undefined) return true
  const bits = Number(prefix)
  if (!/^\d{1,3}$/.test(prefix) || bits < 1) return false
  try {
    new BlockList().addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6')
    return true
  } catch {
    return false
  }
}

function commaList(isItem: (item: string) => boolean, message: string) {
  return z
    .string()
    .transform((value) =>
      value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    )
    .refine((items) => items.every(isItem), message)
}

const MIN_SECRET_LENGTH = 32
const MIN_SECRET_BITS = 80

/** Random enough to encrypt with: repeated words and `aaaa…` are long without being secret. */
export const secret = z
  .string()
  .min(MIN_SECRET_LENGTH, `must have at least ${MIN_SECRET_LENGTH} characters`)
  .refine(
    (value) => entropyBits(value) >= MIN_SECRET_BITS && !isRepetition(value),
    'is too regular; make one with: openssl rand -base64 32',
  )

/** An upper bound from how often each character, and each step from one character to the next, occurs. */
function entropyBits(value: string): number {
  const steps = Array.from(value.slice(1), (char, i) => char.charCodeAt(0) - value.charCodeAt(i))
  return Math.min(shannonBits([...value]), shannonBits(steps))
}

/** Of random characters nearly every run of three is new; a repeated word has as many as it has letters. */
function isRepetition(value: string): boolean {
  const runs = Array.from({ length: value.length - 2 }, (_, i) => value.slice(i, i + 3))
  return new Set(runs).size < runs.length * 0.75
}

function shannonBits(symbols: readonly (string | number)[]): number {
  const counts = new Map<string | number, number>()
  for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  return [...counts.values()].reduce((bits, n) => bits + n * Math.log2(symbols.length / n), 0)
}
