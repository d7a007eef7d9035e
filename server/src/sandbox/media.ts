import type { Payload } from './goAnswers.ts'
import { readText } from './goAnswers.ts'

export const MESSAGE_TYPES = ['text', 'image', 'video', 'audio', 'document'] as const
export type MessageType = (typeof MESSAGE_TYPES)[number]

/** What is wrong with a message's content: an answer, or a panic of the handler, which closes the connection. */
export type ContentFault = { status: number; error: string } | 'panic'

/** Field that holds the content, and how it must begin. */
const CONTENT: Record<MessageType, { field: string; starts: string[]; refusal: string }> = {
  text: { field: 'Body', starts: [''], refusal: '' },
  image: {
    field: 'Image',
    starts: ['data:image', 'http://', 'https://'],
    refusal: 'Image data should start with "data:image/png;base64,"',
  },
  video: {
    field: 'Video',
    starts: ['data', 'http://', 'https://'],
    refusal: 'data should start with "data:mime/type;base64,"',
  },
  audio: { field: 'Audio', starts: ['data:audio/'], refusal: 'audio data should start with "data:audio/"' },
  document: {
    field: 'Document',
    starts: ['data:application/octet-stream'],
    refusal: 'document data should start with "data:application/octet-stream;base64,"',
  },
}

/** Shortest content that the handler's slicing survives. */
const PANICS_BELOW: Partial<Record<MessageType, number>> = { document: 29, video: 4 }

/** The first required field that is missing, in the order in which the handler looks, or null. */
export function findMissingField(type: MessageType, payload: Payload): string | null {
  const required = ['Phone', CONTENT[type].field, ...(type === 'document' ? ['FileName'] : [])]
  return required.find((field) => readText(payload, field) === '') ?? null
}

/** Null when the content can be sent. Pictures by address are taken as fetched unless the host is this machine's or private. */
export function findContentFault(type: MessageType, payload: Payload): ContentFault | null {
  if (type === 'text') return null
  const { field, refusal, starts } = CONTENT[type]
  const content = readText(payload, field)
  if (content.length < (PANICS_BELOW[type] ?? 0)) return 'panic'
  if (!starts.some((start) => content.startsWith(start))) return { status: 400, error: refusal }
  if (content.startsWith('http')) return refuseAddress(content)
  const bytes = decodeDataUrl(content)
  if (bytes === null) return { status: 400, error: 'could not decode base64 encoded data from payload' }
  if (type === 'image' && !isKnownImage(bytes)) {
    return { status: 500, error: 'could not decode image for thumbnail preparation: image: unknown format' }
  }
  return null
}

function refuseAddress(url: string): ContentFault | null {
  const host = URL.canParse(url) ? new URL(url).hostname : ''
  if (!PRIVATE_HOST.test(host)) return null
  const reason = `ssrf attempt detected: host '${host}' resolves to one or more private IP addresses`
  return { status: 400, error: `failed to fetch image from url: ${reason}` }
}

const PRIVATE_HOST = /^(localhost|127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|\[|$)/

function decodeDataUrl(url: string): Buffer | null {
  const comma = url.indexOf(';base64,')
  if (comma < 0) return null
  const base64 = url.slice(comma + ';base64,'.length)
  const bytes = Buffer.from(base64, 'base64')
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  // Node skips what is no base64, so bad text shows as missing bytes.
  return base64.length % 4 === 0 && bytes.length === (base64.length / 4) * 3 - padding ? bytes : null
}

/** JPEG, PNG, GIF, WebP: what the server can make a thumbnail of. */
function isKnownImage(bytes: Buffer): boolean {
  const head = bytes.toString('latin1', 0, 12)
  return /^(\xff\xd8\xff|\x89PNG|GIF8|RIFF....WEBP)/s.test(head)
}
