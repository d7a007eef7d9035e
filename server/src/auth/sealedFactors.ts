import type { SealedColumn } from '#server/secrets/sealedRows.ts'

/** What a change of SECRET_KEY seals anew here. */
export const SEALED_FACTORS: SealedColumn = {
  table: 'second_factors',
  id: 'user_id',
  column: 'secret',
  boundTo: (userId) => `second_factors/${userId}/secret`,
  damaged: (userId) =>
    `The second factor of user ${userId} is damaged: an administrator must reset it, then run this again.`,
}
