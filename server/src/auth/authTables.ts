import type { Generated } from 'kysely'
import type { Role } from '#contract/auth.ts'

/** A user is the account and the tenant: every row of the product belongs to one. */
export type UserRow = {
  id: Generated<string>
  name: string
  /** Lower case, always. */
  email: string
  role: Role
  /** Salted and slow; null where nobody can sign in. */
  password_hash: string | null
  disabled_at: Date | null
  /** Of numbers without a country code; ISO 3166-1. */
  default_country: Generated<string>
  created_at: Generated<Date>
  updated_at: Generated<Date>
}

export type SessionRow = {
  id: Generated<string>
  user_id: string
  /** SHA-256 of what the browser holds: 256 random bits need no slow hash. */
  token_hash: Buffer
  created_at: Generated<Date>
  /** To the minute. */
  used_at: Generated<Date>
  /** However much it is used. */
  expires_at: Date
  address: string | null
  user_agent: string | null
}

/** A browser that has signed in as this user before. */
export type KnownDeviceRow = {
  token_hash: Buffer
  user_id: string
  expires_at: Date
}

export type SecondFactorRow = {
  user_id: string
  /** Sealed, bound to `second_factors/<user_id>/secret`. */
  secret: Buffer
  /** Null while the user has not shown that the app works. */
  confirmed_at: Date | null
  /** The latest time step (30 s since 1970) whose code was accepted: no code opens twice. */
  last_step: Generated<number>
  created_at: Generated<Date>
}

export type BackupCodeRow = {
  user_id: string
  code_hash: Buffer
  used_at: Date | null
}

export type ApiKeyRow = {
  id: Generated<string>
  user_id: string
  name: string
  prefix: string
  /** SHA-256 of the key: 256 random bits need no slow hash. */
  key_hash: Buffer
  created_at: Generated<Date>
  last_used_at: Date | null
  revoked_at: Date | null
}

/** Sliding logs of limited acts. Unlogged: a crash of the database forgets them, which only lets someone try again. */
export type RateLimitRow = {
  key: string
  /** Instants of the acts that were let through, oldest first. */
  hits: Date[]
  /** Whether the latest act was refused. */
  refused: boolean
  expires_at: Date
}

/** A creation asked for under an `Idempotency-Key`. */
export type IdempotencyKeyRow = {
  user_id: string
  route: string
  key_hash: Buffer
  request_hash: Buffer
  /** The request at work, or the one that was. */
  claim: string
  claim_expires_at: Date | null
  /** Sealed; null until something was created. */
  answer: Buffer | null
  expires_at: Date
}

export type AuthTables = {
  users: UserRow
  sessions: SessionRow
  known_devices: KnownDeviceRow
  second_factors: SecondFactorRow
  backup_codes: BackupCodeRow
  api_keys: ApiKeyRow
  rate_limits: RateLimitRow
  idempotency_keys: IdempotencyKeyRow
}
