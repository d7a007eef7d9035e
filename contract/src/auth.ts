import { z } from 'zod'
import { instant } from './common.ts'

export const ROLES = ['admin', 'user'] as const
export type Role = (typeof ROLES)[number]

/** NIST's floor for a password alone is 15; 12 is ours for people who type it on a phone. No composition rules. */
export const password = z.string().min(12).max(128)
export const email = z.email().max(254)
export const personName = z.string().trim().min(1).max(120)

export const setupBody = z.strictObject({ name: personName, email, password })
export type SetupBody = z.infer<typeof setupBody>

export const signInBody = z.strictObject({ email, password: z.string().min(1).max(128) })
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
