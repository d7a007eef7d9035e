import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_ID_BYTES = 4
const HEAD_BYTES = KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES

/** What is stored cannot be opened: changed, moved to another row, or sealed with a key that is not ours. */
export class SealedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SealedError'
  }
}

/**
 * One key of AES-256-GCM (NIST SP 800-38D) and its id. Sealed form: key id (4 bytes) · nonce (12) · tag (16) ·
 * ciphertext. Additional data binds a ciphertext to its row, so that two rows cannot be swapped.
 */
export class Sealer {
  readonly id: string
  readonly #key: Buffer

  /** `id` has 8 hex digits, `key` 32 bytes. */
  constructor(id: string, key: Buffer) {
    this.id = id
    this.#key = key
  }

  /** `boundTo` names the row and column, e.g. `channels/<id>/token`. */
  seal(text: string, boundTo: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    cipher.setAAD(Buffer.from(boundTo))
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([Buffer.from(this.id, 'hex'), nonce, cipher.getAuthTag(), body])
  }

  /** Throws `SealedError`, which says nothing of what is inside. */
  open(sealed: Buffer, boundTo: string): string {
    if (sealed.length < HEAD_BYTES) throw new SealedError('A stored secret is damaged.')
    if (keyIdOf(sealed) !== this.id) throw new SealedError('A stored secret was sealed with another SECRET_KEY.')
    const nonce = sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + NONCE_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(boundTo))
    decipher.setAuthTag(sealed.subarray(KEY_ID_BYTES + NONCE_BYTES, HEAD_BYTES))
    try {
      return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]).toString('utf8')
    } catch {
      throw new SealedError('A stored secret is damaged.')
    }
  }
}

/** The id of the key that sealed it, 8 hex digits. */
export function keyIdOf(sealed: Buffer): string {
  return sealed.subarray(0, KEY_ID_BYTES).toString('hex')
}

export function newKeyId(): string {
  return randomBytes(KEY_ID_BYTES).toString('hex')
}

/** 32 bytes for one purpose (HKDF-SHA256), so that no key serves two. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'revoada', purpose, KEY_BYTES))
}

/** The sealer that belongs to a secret: always the same for the same one. */
export function sealerOf(secret: string): Sealer {
  return new Sealer(keyIdOf(deriveKey(secret, 'id')), deriveKey(secret, 'seal'))
}

/** What seals the key ring under `SECRET_KEY`. */
export function masterOf(secretKey: string): Sealer {
  return new Sealer(keyIdOf(deriveKey(secretKey, 'ring id')), deriveKey(secretKey, 'ring'))
}
