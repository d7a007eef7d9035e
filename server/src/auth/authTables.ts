import type { Generated } from 'kysely'
import type { Role } from '#contract/auth.ts'

/** A user is the account and the tenant: every row of the product belongs to one. Shape dictated by better-auth. */
export type UserRow = {
  id: Generated<string>
  name: string
  /** Lower case, always. */
  email: string
  email_verified: boolean
  image: string | null
  created_at: Generated<Date>
  updated_at: Generated<Date>
  role: Role | null
  banned: boolean | null
  ban_reason: string | null
  ban_expires: Date | null
}

export type SessionRow = {
  id: Generated<string>
  expires_at: Date
  token: string
  created_at: Generated<Date>
  updated_at: Date
  ip_address: string | null
  user_agent: string | null
  user_id: string
  impersonated_by: string | null
}

/** How a user signs in; `password` is a salted scrypt hash. */
export type AccountRow = {
  id: Generated<string>
  account_id: string
  provider_id: string
  user_id: string
  access_token: string | null
  refresh_token: string | null
  id_token: string | null
  access_token_expires_at: Date | null
  refresh_token_expires_at: Date | null
  scope: string | null
  password: string | null
  created_at: Generated<Date>
  updated_at: Date
}

export type VerificationRow = {
  id: Generated<string>
  identifier: string
  value: string
  expires_at: Date
  created_at: Generated<Date>
  updated_at: Generated<Date>
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
  accounts: AccountRow
  verifications: VerificationRow
  api_keys: ApiKeyRow
  rate_limits: RateLimitRow
  idempotency_keys: IdempotencyKeyRow
}
