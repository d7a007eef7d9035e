/**
 * Tells other parts of this process that something changed and they may look at the database now instead of at their
 * next poll. Nothing depends on it being heard: other processes only poll.
 */
export class Bell {
  readonly #listeners = new Set<() => void>()

  ring(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Returns the function that ends listening. */
  onRing(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
