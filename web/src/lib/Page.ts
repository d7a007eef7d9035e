/** One page of a list. `nextCursor` is null on the last. */
export type Page<T> = { items: T[]; nextCursor: string | null }
