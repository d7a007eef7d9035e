import type { OutgoingContent, OutgoingMessage } from './Gateway.ts'

type Media = { bytes: Uint8Array; mimeType: string }

/** A body in pieces, so that a file is in memory once for all the requests that carry it. */
export type BodyPieces = { pieces: Uint8Array[]; length: number }
export type RenderedSend = { path: string; body: string | BodyPieces }

/**
 * Path and JSON body of one send. The same message gives the same bytes, so a resend is a true repetition.
 * Media go as base64 data URLs: every generation takes those, and none fetches our private addresses.
 * Throws on what only the Cloud API can send.
 */
export function renderSend({ id, to, content }: OutgoingMessage): RenderedSend {
  const address = { Phone: to, Id: id }
  if (content.type === 'text') {
    return { path: pathOf('text'), body: JSON.stringify({ ...address, Body: content.text, LinkPreview: false }) }
  }
  if (!isWithBytes(content)) throw new TypeError(`WuzAPI has no message of this kind: ${content.type}.`)
  const { caption: Caption, mimeType: MimeType } = content
  switch (content.type) {
    case 'image':
      return post('image', { ...address, MimeType, Caption }, 'Image', content)
    case 'video':
      return post('video', { ...address, MimeType, Caption }, 'Video', content)
    case 'audio':
      return post('audio', { ...address, ...voice(content) }, 'Audio', content)
    case 'document':
      return post(
        'document',
        { ...address, FileName: content.fileName ?? 'document', MimeType, Caption },
        'Document',
        content,
      )
  }
}

type WithBytes = Extract<OutgoingContent, { bytes: Uint8Array }>

function isWithBytes(content: OutgoingContent): content is WithBytes {
  return content.type !== 'template' && 'bytes' in content
}

function pathOf(kind: string): string {
  return `/chat/send/${kind}`
}

/** The data URL comes last: base64 needs no escapes, so it is not written anew for every recipient. */
function post(kind: string, fields: Record<string, unknown>, field: string, media: Media): RenderedSend {
  // Older generations take documents under this one prefix only; the true type goes beside it. Types without their
  // parameters: `; codecs=opus` in a data URL is not understood everywhere.
  const type = kind === 'document' ? 'application/octet-stream' : bareType(media.mimeType)
  const start = JSON.stringify({ ...fields, [field]: `data:${type};base64,` }).slice(0, -2)
  const pieces = [Buffer.from(start), base64Of(media.bytes), Buffer.from('"}')]
  return { path: pathOf(kind), body: { pieces, length: pieces.reduce((sum, piece) => sum + piece.length, 0) } }
}

/** One copy for each file, for as long as somebody holds the file. */
const encoded = new WeakMap<Uint8Array, Buffer>()

function base64Of(bytes: Uint8Array): Buffer {
  const known = encoded.get(bytes)
  if (known !== undefined) return known
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  const made = Buffer.from(text, 'latin1')
  encoded.set(bytes, made)
  return made
}

/** WuzAPI does not transcode: only Opus in Ogg plays as a voice note, everything else has to be an audio file. */
function voice(media: Media): { ptt: boolean; mimetype: string } {
  const ptt = bareType(media.mimeType) === 'audio/ogg'
  return { ptt, mimetype: ptt ? 'audio/ogg; codecs=opus' : media.mimeType }
}

function bareType(mimeType: string): string {
  return (mimeType.split(';', 1)[0] ?? '').trim().toLowerCase()
}
