import type { Db } from '#server/db/Database.ts'
import { findSuppressed } from '#server/suppressions/SuppressionList.ts'

/** Of people of whom nobody knows when they were held against the list. */
export const NEVER_CHECKED = -1

/**
 * What one lane knows of its account's suppressions. A claim leaves out whoever is on the list; people in memory are
 * held against it again when its version has risen. The version comes with the state of the campaigns, so it is as
 * fresh, and a request that starts costs no look-up.
 */
export class SuppressionWatch {
  readonly #db: Db
  readonly #userId: string
  /** The newest that was read: what is claimed from now on knows at least this. */
  #version = 0
  /** The one that everybody in memory was held against. */
  #checked = 0

  constructor(db: Db, userId: string) {
    this.#db = db
    this.#userId = userId
  }

  get version(): number {
    return this.#version
  }

  /** Notes the version just read; true when people in memory must be held against the list, until `checked` says so. */
  learn(version: number): boolean {
    this.#version = version
    return version !== this.#checked
  }

  checked(version: number): void {
    this.#checked = version
  }

  /** Those of `phones` that are on the list. */
  find(phones: string[]): Promise<Set<string>> {
    return findSuppressed(this.#db, this.#userId, phones)
  }
}
