import { z } from 'zod'
import { id, instant } from './common.ts'

export const ROLES = ['admin', 'user'] as const
export type Role = (typeof ROLES)[number]

export const MIN_PASSWORD_LENGTH = 8
/** NIST asks to accept 64 and more. Nothing is cut off: what is longer is refused. */
export const MAX_PASSWORD_LENGTH = 128

/** A password to be set. No composition rules; the server also refuses common, leaked and personal ones. */
export const password = z.string().min(MIN_PASSWORD_LENGTH).max(MAX_PASSWORD_LENGTH)
/** A password to be checked, also one from before the rules. */
const knownPassword = z.string().min(1).max(MAX_PASSWORD_LENGTH)
export const email = z.email().max(254)
export const personName = z.string().trim().min(1).max(120)

/** The six digits that an authenticator app shows, or a backup code. */
export const oneTimeCode = z.string().trim().min(6).max(40)

export const setupBody = z.strictObject({ name: personName, email, password })
export type SetupBody = z.infer<typeof setupBody>

/** `code` only for accounts with a second factor; SECOND_FACTOR_REQUIRED asks for it, and the same body goes again with it. */
export const signInBody = z.strictObject({ email, password: knownPassword, code: oneTimeCode.optional() })
export type SignInBody = z.infer<typeof signInBody>

/** `GET /api/setup`: whether the first administrator is still to be made. */
export const setupState = z.object({ needed: z.boolean() })

/** `GET /api/me` */
export const me = z.object({ id: z.string(), name: z.string(), email: z.string(), role: z.enum(ROLES) })
export type Me = z.infer<typeof me>

export const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  /** The first characters of the key, to recognise it by. */
  prefix: z.string(),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
  revokedAt: instant.nullable(),
})
export type ApiKey = z.infer<typeof apiKey>
export const createApiKeyBody = z.strictObject({ name: z.string().trim().min(1).max(80) })
/** The only answer that ever carries the key itself. */
export const createdApiKey = apiKey.extend({ key: z.string() })
export type CreatedApiKey = z.infer<typeof createdApiKey>

/** What a change of credentials asks for again: the password, and the second factor when it is on. */
const proof = { currentPassword: knownPassword, code: oneTimeCode.optional() }
export const proofBody = z.strictObject(proof)
export type Proof = z.infer<typeof proofBody>
export const changePasswordBody = z.strictObject({ ...proof, newPassword: password })
export const changeEmailBody = z.strictObject({ ...proof, email })

/** A browser that is signed in. */
export const session = z.object({
  id,
  createdAt: instant,
  /** To the minute. */
  usedAt: instant,
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
  /** Whether this request came in it. */
  current: z.boolean(),
})
export type Session = z.infer<typeof session>

export const secondFactorState = z.object({ on: z.boolean(), backupCodesLeft: z.int() })
export type SecondFactorState = z.infer<typeof secondFactorState>
/** The only answer that carries the secret: base32, and as the address that a QR code shows. */
export const secondFactorOffer = z.object({ secret: z.string(), otpauthUrl: z.string() })
export type SecondFactorOffer = z.infer<typeof secondFactorOffer>
export const confirmSecondFactorBody = z.strictObject({ code: oneTimeCode })
/** The only answer that carries them; each opens once. */
export const backupCodes = z.object({ backupCodes: z.array(z.string()) })

/** A user as administrators see it. */
export const adminUser = z.object({
  id,
  name: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  disabledAt: instant.nullable(),
  secondFactor: z.boolean(),
  createdAt: instant,
})
export type AdminUser = z.infer<typeof adminUser>
export const createUserBody = z.strictObject({ name: personName, email, password, role: z.enum(ROLES) })
export type CreateUserBody = z.infer<typeof createUserBody>
export const changeUserBody = z
  .strictObject({
    name: personName.optional(),
    role: z.enum(ROLES).optional(),
    disabled: z.boolean().optional(),
    password: password.optional(),
    /** Only off: for somebody who has lost the device and the backup codes. */
    secondFactor: z.literal(false).optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'names nothing to change')
export type ChangeUserBody = z.infer<typeof changeUserBody>
