import { createHash, randomBytes } from 'node:crypto'
import { GatewayError, type OutgoingContent } from './Gateway.ts'
import type { FindReference, MediaReference } from './cloudApiBody.ts'
import { verdict } from './gatewayFailures.ts'
import type { CheckLink } from './publicLinks.ts'

export type UploadFile = { bytes: Uint8Array; mimeType: string; fileName?: string }

/** Uploaded ids live 30 days at Meta; one that a campaign is still using must not die under it. */
const KEEP_MS = 25 * 86_400_000
/** A file that Meta will not have is not uploaded again for every recipient. */
const KEEP_REFUSAL_MS = 60_000
/** Files remembered per number, the ones used last. Forgetting one costs an upload. */
const MAX_REMEMBERED = 500

type Remembered = { id: Promise<string>; until: number }

/**
 * Uploads each file once per number, however many messages use it, and remembers its id while the process runs.
 * Sends that need the same file at the same time wait for one upload; one that failed is tried again by the next send.
 */
export class CloudApiMedia {
  readonly #upload: (file: UploadFile) => Promise<string>
  readonly #checkLink: CheckLink
  readonly #ids = new Map<string, Remembered>()
  /** Hashing five megabytes for each of a million recipients would cost an hour. */
  readonly #keys = new WeakMap<Uint8Array, string>()

  constructor(upload: (file: UploadFile) => Promise<string>, checkLink: CheckLink) {
    this.#upload = upload
    this.#checkLink = checkLink
  }

  /** Where Meta finds the medium of this content; a promise, which may reject with `GatewayError`, where it has to be uploaded or is a link. */
  find(content: OutgoingContent): FindReference | Promise<FindReference> {
    const medium = mediumOf(content)
    if (medium === null) return noReference
    if ('link' in medium) return this.#checkLink(medium.link).then((link) => () => ({ link }))
    if ('mediaId' in medium) return () => ({ id: medium.mediaId })
    return this.#idOf(medium).then((id) => () => ({ id }))
  }

  #idOf(file: UploadFile): Promise<string> {
    const key = this.#keyOf(file)
    const known = this.#ids.get(key)
    this.#ids.delete(key)
    const remembered = known !== undefined && known.until > Date.now() ? known : this.#start(key, file)
    this.#ids.set(key, remembered)
    const [oldest] = this.#ids.keys()
    if (this.#ids.size > MAX_REMEMBERED && oldest !== undefined) this.#ids.delete(oldest)
    return remembered.id
  }

  #start(key: string, file: UploadFile): Remembered {
    const remembered = { id: this.#upload(file), until: Date.now() + KEEP_MS }
    remembered.id.catch((error: unknown) => {
      const isHopeless = error instanceof GatewayError && error.failure.permanent
      if (isHopeless) remembered.until = Date.now() + KEEP_REFUSAL_MS
      else if (this.#ids.get(key) === remembered) this.#ids.delete(key)
    })
    return remembered
  }

  #keyOf({ bytes, mimeType, fileName = '' }: UploadFile): string {
    let hash = this.#keys.get(bytes)
    if (hash === undefined) {
      hash = createHash('sha256').update(bytes).digest('base64')
      this.#keys.set(bytes, hash)
    }
    return `${hash} ${mimeType} ${fileName}`
  }
}

/** A message has one medium at most: its own, or the one in its template's header. */
function mediumOf(content: OutgoingContent) {
  if (content.type === 'text') return null
  if (content.type !== 'template') return content
  const { header } = content
  return header === undefined || header.type === 'text' ? null : header
}

function noReference(): MediaReference {
  throw new TypeError('This message has no medium.')
}

/** The body of an upload, and its content type. */
export function renderUpload({ bytes, mimeType, fileName = 'file' }: UploadFile): {
  contentType: string
  body: Uint8Array
} {
  const boundary = `revoada-${randomBytes(16).toString('hex')}`
  const type = mimeType.replace(/[^\x20-\x7e]/g, '')
  const name = fileName.replace(/["\\\p{Cc}]/gu, '_')
  const field = (title: string, value: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${title}"\r\n\r\n${value}\r\n`
  const head = `${field('messaging_product', 'whatsapp')}${field('type', type)}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)])
  return { contentType: `multipart/form-data; boundary=${boundary}`, body }
}

/** Waits for `promise` as long as the send may: the upload itself goes on for those that come after. */
export function waitAtMost<T>(promise: Promise<T>, ms: number, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (code: string, message: string) => {
      clearTimeout(timer)
      reject(new GatewayError({ ...verdict('TIMEOUT', code), notBefore: null, message }))
    }
    const timer = setTimeout(() => giveUp('UPLOAD_SLOW', 'The file of the message was not uploaded in time.'), ms)
    const onAbort = () => giveUp('ABORTED', 'We gave up before the message was sent.')
    if (signal?.aborted === true) onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    void promise.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    })
  })
}
