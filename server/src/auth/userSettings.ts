import type { UserSettings } from '#contract/userSettings.ts'
import type { Db, Trx } from '#server/db/Database.ts'

export async function findUserSettings(db: Db | Trx, userId: string): Promise<UserSettings> {
  const { default_country: defaultCountry } = await db
    .selectFrom('users')
    .select('default_country')
    .where('id', '=', userId)
    .executeTakeFirstOrThrow()
  return { defaultCountry }
}

/** Where numbers without a country code are at home: what a request names, else what the user has set. */
export async function countryFor(db: Db | Trx, userId: string, named: string | undefined): Promise<string> {
  return named ?? (await findUserSettings(db, userId)).defaultCountry
}
