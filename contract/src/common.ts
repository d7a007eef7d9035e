import { z } from 'zod'

/** Ids of rows in URLs and bodies. */
export const id = z.uuid()

/** An instant: ISO 8601 in UTC, as the API writes it. */
export const instant = z.iso.datetime({ offset: true })

/** Query of every list: `limit` rows from after `cursor`. Query strings are text, so numbers are read here. */
export const pageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/)
    .transform(Number)
    .pipe(z.int().min(1).max(200))
    .optional(),
  cursor: z.string().max(200).optional(),
})
export type PageQuery = z.output<typeof pageQuery>

export const idParams = z.strictObject({ id })

/** Answer of every list. `nextCursor` is null on the last page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}
