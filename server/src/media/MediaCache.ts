import { createChunkStore } from '#server/db/ChunkStore.ts'
import type { Db } from '#server/db/Database.ts'
import { findMedium } from './mediaQueries.ts'

/** A file ready to be sent. The same object for everybody who gets it: gateways know it again by `bytes`. */
export type LoadedMedium = { bytes: Uint8Array; mimeType: string; fileName: string }

export type LoadMedium = (userId: string, id: string) => Promise<LoadedMedium | null>

/** Of files in memory; a gateway may hold each once more in the form that it sends. */
export const MAX_CACHED_BYTES = 40 * 1024 * 1024

/**
 * Files on their way out, in memory while they are used: the ones used last, together at most `maxBytes`, but always
 * the one that is asked for. Whoever asks for the same at the same time waits for one reading.
 */
export class MediaCache {
  readonly #load: LoadMedium
  readonly #maxBytes: number
  readonly #loaded = new Map<string, Promise<LoadedMedium | null>>()
  readonly #sizes = new Map<string, number>()

  constructor(load: LoadMedium, maxBytes = MAX_CACHED_BYTES) {
    this.#load = load
    this.#maxBytes = maxBytes
  }

  /** Null when there is no such file (any more). What throws is asked again by the next call. */
  get(userId: string, id: string): Promise<LoadedMedium | null> {
    const key = `${userId} ${id}`
    const loading = this.#loaded.get(key) ?? this.#start(key, userId, id)
    // The one used last stands last.
    this.#loaded.delete(key)
    this.#loaded.set(key, loading)
    return loading
  }

  #start(key: string, userId: string, id: string): Promise<LoadedMedium | null> {
    const loading = this.#load(userId, id)
    loading.then(
      (medium) => {
        if (this.#loaded.get(key) !== loading) return
        if (medium === null) return this.#forget(key)
        this.#sizes.set(key, medium.bytes.length)
        this.#makeRoom(key)
      },
      () => this.#forget(key),
    )
    return loading
  }

  #makeRoom(newest: string): void {
    let total = [...this.#sizes.values()].reduce((sum, size) => sum + size, 0)
    for (const key of this.#loaded.keys()) {
      if (total <= this.#maxBytes) return
      const size = this.#sizes.get(key)
      if (key === newest || size === undefined) continue
      total -= size
      this.#forget(key)
    }
  }

  #forget(key: string): void {
    this.#loaded.delete(key)
    this.#sizes.delete(key)
  }
}

/** Reads files from the database. */
export function mediaLoader(db: Db): LoadMedium {
  const chunks = createChunkStore(db, { table: 'media_chunks', column: 'media_id' })
  return async (userId, id) => {
    const row = await findMedium(db, userId, id)
    if (row === undefined) return null
    const pieces = []
    for await (const piece of chunks.read({ userId, id })) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    // Deleted while it was read.
    if (bytes.length !== row.bytes) return null
    return { bytes, mimeType: row.mime_type, fileName: row.file_name }
  }
}
