import { z } from 'zod'
import { country } from './imports.ts'

/** `GET` and `PATCH /api/user/settings`. `defaultCountry`: of numbers without a country code, wherever a request names none. */
export const userSettings = z.strictObject({ defaultCountry: country })
export type UserSettings = z.infer<typeof userSettings>
