import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_ID_BYTES = 4

/**
 * Keeps small secrets at rest: AES-256-GCM (NIST SP 800-38D) under a key derived from `SECRET_KEY` by HKDF, with
 * additional data that binds a ciphertext to its row, so that two rows cannot be swapped. Sealed form:
 * key id (4 bytes) · nonce (12) · tag (16) · ciphertext.
 */
export class SecretBox {
  readonly keyId: string
  readonly #sealKey: Buffer
  readonly #hashKey: Buffer

  constructor(secretKey: string) {
    this.#sealKey = derive(secretKey, 'seal')
    this.#hashKey = derive(secretKey, 'hash')
    this.keyId = derive(secretKey, 'id').subarray(0, KEY_ID_BYTES).toString('hex')
  }

  /** `boundTo` names the row and column, e.g. `channels/<id>/token`. */
  seal(text: string, boundTo: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#sealKey, nonce)
    cipher.setAAD(Buffer.from(boundTo))
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([Buffer.from(this.keyId, 'hex'), nonce, cipher.getAuthTag(), body])
  }

  /** Throws when the ciphertext was changed, belongs to another row or was sealed with another key. */
  open(sealed: Buffer, boundTo: string): string {
    if (sealed.length < KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES) throw new Error('A stored secret is damaged.')
    if (sealed.subarray(0, KEY_ID_BYTES).toString('hex') !== this.keyId) {
      throw new Error('A stored secret was sealed with another SECRET_KEY.')
    }
    const nonce = sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + NONCE_BYTES)
    const tagEnd = KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES
    const decipher = createDecipheriv('aes-256-gcm', this.#sealKey, nonce)
    decipher.setAAD(Buffer.from(boundTo))
    decipher.setAuthTag(sealed.subarray(KEY_ID_BYTES + NONCE_BYTES, tagEnd))
    return Buffer.concat([decipher.update(sealed.subarray(tagEnd)), decipher.final()]).toString('utf8')
  }

  /** Keyed hash for look-ups by equality: without the key, a guess cannot be checked against a stolen database. */
  hash(text: string, purpose: string): Buffer {
    return createHmac('sha256', this.#hashKey).update(purpose).update('\0').update(text).digest()
  }

  /** A secret that can always be made again from the key, so that only its hash needs storing. */
  derive(purpose: string): string {
    return createHmac('sha256', this.#hashKey).update('derive\0').update(purpose).digest('base64url')
  }
}

/** Equality in constant time; false for different lengths. */
export function equalBytes(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

function derive(secretKey: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secretKey, 'revoada', purpose, KEY_BYTES))
}
