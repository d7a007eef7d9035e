import type { z } from 'zod'
import { databaseUrl, flag, hostList, networkList, oneOf, origin, secret, text, wholeNumber } from './settingParsers.ts'

type Setting<P extends z.ZodType, D extends string | null> = {
  /** Name in the environment; the same in small letters with dashes is the `--flag`. */
  name: string
  /** As a person would write it; null when there is none. */
  default: D
  about: string
  parse: P
  /** Not shown, not repeated in messages, and not accepted as a flag, which every process list shows. */
  secret: boolean
}

function setting<P extends z.ZodType, D extends string | null>(
  name: string,
  fallback: D,
  parse: P,
  about: string,
): Setting<P, D> {
  return { name, default: fallback, about, parse, secret: false }
}

function secretSetting<P extends z.ZodType>(name: string, parse: P, about: string): Setting<P, null> {
  return { name, default: null, about, parse, secret: true }
}

const MIB = 1024 * 1024

/** Every setting of the product. `docs/settings.md` is written from this table. */
export const SETTINGS = {
  role: setting(
    'ROLE',
    'all',
    oneOf(['all', 'api', 'worker']),
    'Which parts this process runs; `api` and `worker` need `DATABASE_URL`.',
  ),
  host: setting('HOST', '127.0.0.1', text, 'Address the web server listens on; `0.0.0.0` opens it to the network.'),
  port: setting('PORT', '3000', wholeNumber(0, 65_535), 'Port the web server listens on; 0 takes any free one.'),
  publicUrl: setting(
    'PUBLIC_URL',
    null,
    origin,
    'Where people and gateways reach the product, needed to sign in under a host name; `https://…` turns on secure cookies and HSTS.',
  ),
  trustedProxies: setting(
    'TRUSTED_PROXIES',
    '',
    networkList,
    'Reverse proxies (addresses or networks) whose `X-Forwarded-*` headers are believed; empty believes nobody.',
  ),
  dataDir: setting('DATA_DIR', './data', text, 'Folder of the embedded database and of the generated key.'),
  databaseUrl: secretSetting(
    'DATABASE_URL',
    databaseUrl,
    'External PostgreSQL, 15 or newer; without it the product starts its own.',
  ),
  migrateDatabaseUrl: secretSetting(
    'MIGRATE_DATABASE_URL',
    databaseUrl,
    'The same database as its owner, for schema changes only.',
  ),
  databasePool: setting(
    'DATABASE_POOL',
    '10',
    wholeNumber(2, 200),
    'Most connections this process opens to the database.',
  ),
  secretKey: secretSetting(
    'SECRET_KEY',
    secret,
    'Encrypts gateway tokens and signs sessions; required with `DATABASE_URL`, else generated in `DATA_DIR/secret.key`.',
  ),
  logLevel: setting(
    'LOG_LEVEL',
    'info',
    oneOf(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']),
    'Least important line that is logged.',
  ),
  environment: setting(
    'NODE_ENV',
    'production',
    oneOf(['production', 'development', 'test']),
    'In development the API documentation is on by default.',
  ),
  apiDocs: setting('API_DOCS', null, flag, 'Serves `/api/docs`; by default only outside production.'),
  sandboxUrl: setting(
    'SANDBOX_URL',
    null,
    origin,
    'Where a sandbox gateway runs already; without it the product starts one when a sandbox channel exists.',
  ),
  sandboxToken: secretSetting('SANDBOX_TOKEN', text, 'Administrator token of the sandbox that `SANDBOX_URL` names.'),
  gatewayAllowedHosts: setting(
    'GATEWAY_ALLOWED_HOSTS',
    '',
    hostList,
    'Gateway hosts that users may name in a channel; administrators may name any.',
  ),
  maxUploadBytes: setting(
    'MAX_UPLOAD_BYTES',
    String(200 * MIB),
    wholeNumber(1024, 4096 * MIB),
    'Largest file that can be uploaded, in bytes.',
  ),
  maxMediaBytes: setting(
    'MAX_MEDIA_BYTES',
    String(16 * MIB),
    wholeNumber(1024, 100 * MIB),
    'Largest picture, video, sound or document that a message can carry, in bytes; WhatsApp takes pictures up to 5 MiB.',
  ),
  mediaQuotaBytes: setting(
    'MEDIA_QUOTA_BYTES',
    String(2048 * MIB),
    wholeNumber(1024, 1024 * 1024 * MIB),
    'Most that the media of one user may take together, in bytes.',
  ),
  leaseSeconds: setting(
    'LEASE_SECONDS',
    '30',
    wholeNumber(2, 600),
    'Life of the leases of lanes, campaigns and imports; a dead worker is replaced after this plus 5 s.',
  ),
  pollMs: setting(
    'POLL_MS',
    '1000',
    wholeNumber(50, 60_000),
    'How often a worker looks for due work, in milliseconds.',
  ),
  syncSeconds: setting(
    'SYNC_SECONDS',
    '30',
    wholeNumber(1, 600),
    'How often memory is checked against the database, in seconds.',
  ),
  drainSeconds: setting(
    'DRAIN_SECONDS',
    '20',
    wholeNumber(0, 300),
    'How long a stop waits for requests under way, in seconds.',
  ),
  gatewayDeadlineMs: setting(
    'GATEWAY_DEADLINE_MS',
    null,
    wholeNumber(100, 600_000),
    'Longest wait for the answer to one send, in milliseconds; by default WuzAPI 100 s, Cloud API 30 s, sandbox 15 s.',
  ),
  batchSize: setting('BATCH_SIZE', '100', wholeNumber(1, 100), 'Most recipients claimed at once.'),
  resumeOnStart: setting(
    'RESUME_ON_START',
    'false',
    flag,
    'Resumes campaigns that a restart paused, instead of waiting for a person.',
  ),
  sessionIdleHours: setting(
    'SESSION_IDLE_HOURS',
    '24',
    wholeNumber(1, 8760),
    'A session that is not used for so many hours is over.',
  ),
  sessionDays: setting(
    'SESSION_DAYS',
    '7',
    wholeNumber(1, 365),
    'A session is over after so many days, however much it is used.',
  ),
  signInLimit: setting(
    'SIGN_IN_LIMIT',
    '10',
    wholeNumber(1, 100_000),
    'Sign-in attempts in any 60 s, per account and per address.',
  ),
  campaignCreateLimit: setting(
    'CAMPAIGN_CREATE_LIMIT',
    '10',
    wholeNumber(1, 100_000),
    'Campaigns a user may create in any 60 s.',
  ),
  campaignOperationLimit: setting(
    'CAMPAIGN_OPERATION_LIMIT',
    '30',
    wholeNumber(1, 100_000),
    'Campaign operations (start, pause, …) of a user in any 60 s.',
  ),
  progressLimit: setting('PROGRESS_LIMIT', '120', wholeNumber(1, 100_000), 'Progress requests of a user in any 60 s.'),
  importLimit: setting(
    'IMPORT_LIMIT',
    '10',
    wholeNumber(1, 100_000),
    'Files a user may upload, and previews of them a user may ask for, in any 60 s.',
  ),
  mediaLimit: setting('MEDIA_LIMIT', '60', wholeNumber(1, 100_000), 'Media a user may upload in any 60 s.'),
  exportLimit: setting('EXPORT_LIMIT', '30', wholeNumber(1, 100_000), 'Exports a user may ask for in any 60 s.'),
  phoneChecksPerHour: setting(
    'PHONE_CHECKS_PER_HOUR',
    '200',
    wholeNumber(0, 1000),
    'Numbers that one channel may ask WhatsApp about in any 60 min; looking up strangers in bulk gets a number banned. 0 never asks.',
  ),
  auditRetentionDays: setting(
    'AUDIT_RETENTION_DAYS',
    '30',
    wholeNumber(30, 36_500),
    'How many days the audit trail is kept, at least 30.',
  ),
  deletedAuditRetentionDays: setting(
    'DELETED_AUDIT_RETENTION_DAYS',
    '90',
    wholeNumber(90, 36_500),
    'How many days after its deletion the audit trail of a campaign is kept, at least 90.',
  ),
  errorRetentionDays: setting(
    'ERROR_RETENTION_DAYS',
    '30',
    wholeNumber(1, 36_500),
    'How many days failed attempts are kept.',
  ),
}

type Settings = typeof SETTINGS
type Value<S> = S extends Setting<infer P, infer D> ? z.output<P> | (D extends null ? null : never) : never
type Values = { [K in keyof Settings]: Value<Settings[K]> }

/** Every setting, checked. `apiDocs` is decided. */
export type Config = Omit<Values, 'apiDocs'> & { apiDocs: boolean }

/** Thrown by `readConfig` with everything that is wrong, one sentence each, no secret in any. */
export class ConfigError extends Error {
  readonly problems: string[]
  constructor(problems: string[]) {
    super(`The settings are not right:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Reads and checks every setting; a `--flag value` (or `--flag=value`) wins over the environment, an empty variable
 * counts as not set. `argv` is without the program's name. Throws `ConfigError` with the full list.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>, argv: readonly string[]): Config {
  const { flags, problems } = readFlags(argv)
  const values: Partial<Record<string, unknown>> = {}
  for (const [key, entry] of Object.entries<Setting<z.ZodType, string | null>>(SETTINGS)) {
    const given = flags.get(entry.name) ?? (env[entry.name] === '' ? undefined : env[entry.name])
    const result = parse(entry, given)
    if ('problem' in result) problems.push(result.problem)
    else values[key] = result.value
  }
  if (problems.length > 0) throw new ConfigError([...problems, ...contradictions(values as Partial<Values>)])
  const read = values as Values
  const contradicting = contradictions(read)
  if (contradicting.length > 0) throw new ConfigError(contradicting)
  return { ...read, apiDocs: read.apiDocs ?? read.environment !== 'production' }
}

/** `DATA_DIR` → `--data-dir` */
export function flagOf(name: string): string {
  return `--${name.toLowerCase().replaceAll('_', '-')}`
}

const BY_FLAG = new Map(Object.values(SETTINGS).map((entry) => [flagOf(entry.name), entry]))

function readFlags(argv: readonly string[]): { flags: Map<string, string>; problems: string[] } {
  const flags = new Map<string, string>()
  const problems: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const [flag = '', ...rest] = (argv[i] ?? '').split('=')
    const entry = BY_FLAG.get(flag)
    // Only the part before `=` is repeated: what follows may be a secret.
    if (entry === undefined) problems.push(`${shown(flag)} is not a known option.`)
    const value = rest.length > 0 ? rest.join('=') : argv[i + 1]?.startsWith('--') === false ? argv[++i] : undefined
    if (entry?.secret === true)
      problems.push(`${flag} is not accepted here, everyone could read it; set ${entry.name}.`)
    else if (entry !== undefined && value === undefined) problems.push(`${flag} needs a value.`)
    else if (entry !== undefined && value !== undefined) flags.set(entry.name, value)
  }
  return { flags, problems }
}

/** A stray argument can be anything, also a password: only what looks like an option is repeated. */
function shown(argument: string): string {
  return /^--[a-z][a-z-]{0,40}$/.test(argument) ? argument : 'An argument that is no --option'
}

function parse(
  entry: Setting<z.ZodType, string | null>,
  given: string | undefined,
): { value: unknown } | { problem: string } {
  const input = given ?? entry.default
  if (input === null) return { value: null }
  const result = entry.parse.safeParse(input)
  if (result.success) return { value: result.data }
  return { problem: `${entry.name} ${result.error.issues[0]?.message ?? 'is not valid'}.` }
}

function contradictions({ role, databaseUrl: external, migrateDatabaseUrl, secretKey }: Partial<Values>): string[] {
  const problems: string[] = []
  const embedded = external === null
  if (role !== undefined && role !== 'all' && embedded) {
    problems.push(`ROLE ${role} needs DATABASE_URL: the embedded database belongs to one process.`)
  }
  if (typeof external === 'string' && secretKey === null) problems.push('SECRET_KEY is required with DATABASE_URL.')
  if (typeof migrateDatabaseUrl === 'string' && embedded) {
    problems.push('MIGRATE_DATABASE_URL means nothing without DATABASE_URL.')
  }
  return problems
}
