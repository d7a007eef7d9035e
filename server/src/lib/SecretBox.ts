import { createHmac, timingSafeEqual } from 'node:crypto'
import { deriveKey, keyIdOf, SealedError, sealerOf, type Sealer } from './Sealer.ts'

/** What a process holds of the key ring. */
export type Keys = {
  /** What seals from now on. */
  current: Sealer
  /** By id: the current one, and those that rows may still be sealed with. */
  sealers: ReadonlyMap<string, Sealer>
  hashKey: Buffer
}

/**
 * Keeps small secrets at rest with the keys of the ring: sealed and bound to their row (`Sealer`), or as a keyed hash.
 * Sealing keys come and go with changes of `SECRET_KEY`; what hashes and signs stays, so that every hash can be looked up
 * at every moment.
 */
export class SecretBox {
  #keys: Keys | null
  #reload: () => Promise<void> = async () => undefined

  /** With a secret: keys derived from it alone, as the first ring of a database had them. Null: `use` brings the keys. */
  constructor(secret: string | null) {
    this.#keys = secret === null ? null : keysOf(secret)
  }

  /** From now on these keys; `reload` is asked to `use` newer ones when a key is met that is not among them. */
  use(keys: Keys, reload = this.#reload): void {
    this.#keys = keys
    this.#reload = reload
  }

  /** Throws while the key ring has not been opened. */
  get keys(): Keys {
    if (this.#keys === null) throw new Error('The key ring is not open yet.')
    return this.#keys
  }

  /** Asks for newer keys. Throws what `use` was given throws. */
  reload(): Promise<void> {
    return this.#reload()
  }

  /** The key that seals from now on. */
  get keyId(): string {
    return this.keys.current.id
  }

  /** `boundTo` names the row and column, e.g. `channels/<id>/token`. */
  seal(text: string, boundTo: string): Buffer {
    return this.keys.current.seal(text, boundTo)
  }

  /** Throws `SealedError` when it was changed, belongs to another row or was sealed with a key that is not in the ring. */
  async open(sealed: Buffer, boundTo: string): Promise<string> {
    const id = keyIdOf(sealed)
    if (!this.keys.sealers.has(id)) await this.#reload()
    const sealer = this.keys.sealers.get(id)
    if (sealer === undefined) throw new SealedError('A stored secret is damaged or was sealed with another SECRET_KEY.')
    return sealer.open(sealed, boundTo)
  }

  /** Keyed hash for look-ups by equality: without the key, a guess cannot be checked against a stolen database. */
  hash(text: string, purpose: string): Buffer {
    return createHmac('sha256', this.keys.hashKey).update(purpose).update('\0').update(text).digest()
  }

  /** A secret that can always be made again from the key, so that only its hash needs storing. */
  derive(purpose: string): string {
    return createHmac('sha256', this.keys.hashKey).update('derive\0').update(purpose).digest('base64url')
  }
}

/** Keys that are made of one secret and nothing else. */
export function keysOf(secret: string): Keys {
  const current = sealerOf(secret)
  return {
    current,
    sealers: new Map([[current.id, current]]),
    hashKey: deriveKey(secret, 'hash'),
  }
}

/** Equality in constant time; false for different lengths. */
export function equalBytes(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
