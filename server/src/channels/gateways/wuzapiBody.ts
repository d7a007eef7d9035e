import type { OutgoingContent, OutgoingMessage } from './Gateway.ts'

type Media = { bytes: Uint8Array; mimeType: string; fileName?: string; caption?: string }

/**
 * Path and JSON body of one send. The same message gives the same bytes, so a resend is a true repetition.
 * Media go as base64 data URLs: every generation takes those, and none fetches our private addresses.
 * Throws on what only the Cloud API can send.
 */
export function renderSend({ id, to, content }: OutgoingMessage): { path: string; body: string } {
  const address = { Phone: to, Id: id }
  if (content.type === 'text') return post('text', { ...address, Body: content.text, LinkPreview: false })
  if (!isWithBytes(content)) throw new TypeError(`WuzAPI has no message of this kind: ${content.type}.`)
  switch (content.type) {
    case 'image':
      return post('image', {
        ...address,
        Image: dataUrl(content),
        MimeType: content.mimeType,
        Caption: content.caption,
      })
    case 'video':
      return post('video', {
        ...address,
        Video: dataUrl(content),
        MimeType: content.mimeType,
        Caption: content.caption,
      })
    case 'audio':
      return post('audio', { ...address, Audio: dataUrl(content), ...voice(content) })
    case 'document':
      return post('document', { ...address, ...file(content), Caption: content.caption })
  }
}

type WithBytes = Extract<OutgoingContent, { bytes: Uint8Array }>

function isWithBytes(content: OutgoingContent): content is WithBytes {
  return content.type !== 'template' && 'bytes' in content
}

function post(kind: string, body: Record<string, unknown>): { path: string; body: string } {
  return { path: `/chat/send/${kind}`, body: JSON.stringify(body) }
}

/** Without the parameters of the type: `; codecs=opus` in a data URL is not understood everywhere. */
function dataUrl(media: Media): string {
  return `data:${bareType(media.mimeType)};base64,${base64(media.bytes)}`
}

/** WuzAPI does not transcode: only Opus in Ogg plays as a voice note, everything else has to be an audio file. */
function voice(media: Media): { ptt: boolean; mimetype: string } {
  const ptt = bareType(media.mimeType) === 'audio/ogg'
  return { ptt, mimetype: ptt ? 'audio/ogg; codecs=opus' : media.mimeType }
}

/** Older generations take documents under this one prefix only; the true type goes beside it. */
function file(media: Media): { Document: string; FileName: string; MimeType: string } {
  return {
    Document: `data:application/octet-stream;base64,${base64(media.bytes)}`,
    FileName: media.fileName ?? 'document',
    MimeType: media.mimeType,
  }
}

function bareType(mimeType: string): string {
  return (mimeType.split(';', 1)[0] ?? '').trim().toLowerCase()
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
