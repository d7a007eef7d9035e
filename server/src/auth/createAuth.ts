import { hkdfSync } from 'node:crypto'
import { betterAuth, type BetterAuthOptions } from 'better-auth'
import { admin } from 'better-auth/plugins/admin'
import type { Db } from '#server/db/Database.ts'
import type { Log } from '#server/lib/logger.ts'

export type AuthSettings = {
  db: Db
  log: Log
  /** The product's secret; sessions are signed with a key derived from it, so that no key serves two purposes. */
  secretKey: string
  /** Where people reach the product, `https://…` or `http://…`; null when it is not known. */
  publicUrl: string | null
}

const SESSION_DAYS = 7
const DAY_S = 86_400
/** NIST asks to accept 64 and more; the contract checks the lower bound. */
const MAX_PASSWORD_LENGTH = 128

/** Users, passwords and cookie sessions. Only our own routes call it: its HTTP handler is not mounted. */
export function createAuth(settings: AuthSettings) {
  return betterAuth(authOptions(settings))
}

export type Auth = ReturnType<typeof createAuth>

/** Under TLS the cookie is bound to this very host, which keeps sister subdomains from setting it. */
export function sessionCookieName(publicUrl: string | null): string {
  return isTls(publicUrl) ? '__Host-revoada_session' : 'revoada_session'
}

/** Exported for the test that compares it with the schema. */
export function authOptions({ db, log, secretKey, publicUrl }: AuthSettings) {
  return {
    appName: 'Revoada',
    baseURL: publicUrl ?? 'http://localhost',
    secret: Buffer.from(hkdfSync('sha256', secretKey, '', 'revoada sessions', 32)).toString('base64url'),
    database: { db, type: 'postgres', transaction: true },
    telemetry: { enabled: false },
    logger: { level: 'error', log: (level, message) => log[level]({ part: 'better-auth' }, message) },
    // Our own limiter counts per account and per address, in the database.
    rateLimit: { enabled: false },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: 8,
      maxPasswordLength: MAX_PASSWORD_LENGTH,
    },
    // Every request asks the database: a session that was ended is dead at once, in all processes.
    session: { ...SESSION_TABLE, expiresIn: SESSION_DAYS * DAY_S, updateAge: DAY_S, cookieCache: { enabled: false } },
    user: USER_TABLE,
    account: ACCOUNT_TABLE,
    verification: VERIFICATION_TABLE,
    plugins: [admin({ defaultRole: 'user', adminRoles: ['admin'], schema: ADMIN_COLUMNS })],
    advanced: {
      ipAddress: { ipAddressHeaders: ['x-client-address'] },
      // A process that came up before the schema was there would keep that verdict for ever; our migrations and a test
      // see to the schema.
      database: { generateId: 'uuid', validateSchema: false },
      // Switched off because it would put `__Secure-` in front; the name below is the stricter one.
      useSecureCookies: false,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/', secure: isTls(publicUrl) },
      cookies: { session_token: { name: sessionCookieName(publicUrl) } },
    },
  } satisfies BetterAuthOptions
}

function isTls(publicUrl: string | null): boolean {
  return publicUrl?.startsWith('https://') ?? false
}

const USER_TABLE = {
  modelName: 'users',
  fields: { emailVerified: 'email_verified', createdAt: 'created_at', updatedAt: 'updated_at' },
}

const SESSION_TABLE = {
  modelName: 'sessions',
  fields: {
    userId: 'user_id',
    expiresAt: 'expires_at',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
    ipAddress: 'ip_address',
    userAgent: 'user_agent',
  },
}

const ACCOUNT_TABLE = {
  modelName: 'accounts',
  fields: {
    accountId: 'account_id',
    providerId: 'provider_id',
    userId: 'user_id',
    accessToken: 'access_token',
    refreshToken: 'refresh_token',
    idToken: 'id_token',
    accessTokenExpiresAt: 'access_token_expires_at',
    refreshTokenExpiresAt: 'refresh_token_expires_at',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
}

const VERIFICATION_TABLE = {
  modelName: 'verifications',
  fields: { expiresAt: 'expires_at', createdAt: 'created_at', updatedAt: 'updated_at' },
}

const ADMIN_COLUMNS = {
  user: { fields: { banReason: 'ban_reason', banExpires: 'ban_expires' } },
  session: { fields: { impersonatedBy: 'impersonated_by' } },
}
