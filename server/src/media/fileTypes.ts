import type { MediaKind } from '#contract/media.ts'

/** A type of file that WhatsApp takes: contracts/cloud-api.md 6. */
export type FileType = { kind: MediaKind; mimeType: string }

type KnownType = FileType & {
  extensions: string[]
  /** What else browsers call it. */
  aliases?: string[]
  matches: (head: Buffer) => boolean
}

/** As much of the beginning as a type is told by. Archives name their parts here and there within it. */
export const HEAD_BYTES = 64 * 1024

const OFFICE = 'application/vnd.openxmlformats-officedocument'

const TYPES: KnownType[] = [
  type('image', 'image/jpeg', ['jpg', 'jpeg'], beginsWith('ffd8ff')),
  type('image', 'image/png', ['png'], beginsWith('89504e470d0a1a0a')),
  type('video', 'video/3gpp', ['3gp'], isMovie(/^3g[pgrs]/)),
  type('video', 'video/mp4', ['mp4', 'm4v'], isMovie(/^(?:iso|mp4|avc|M4V|dash|MSNV|f4v)/i), ['video/x-m4v']),
  type('audio', 'audio/mp4', ['m4a'], isMovie(/^(?:M4A|M4B|iso|mp4)/i), ['audio/x-m4a', 'audio/m4a']),
  type('audio', 'audio/mpeg', ['mp3'], isMp3, ['audio/mp3']),
  type('audio', 'audio/aac', ['aac'], isAac, ['audio/x-aac', 'audio/aacp']),
  type('audio', 'audio/amr', ['amr'], beginsWith(Buffer.from('#!AMR\n').toString('hex'))),
  type('audio', 'audio/ogg', ['ogg', 'opus', 'oga'], isOpus, ['audio/opus', 'application/ogg']),
  type('document', 'application/pdf', ['pdf'], beginsWith(Buffer.from('%PDF-').toString('hex'))),
  type('document', 'application/msword', ['doc'], isOldOffice),
  type('document', 'application/vnd.ms-excel', ['xls'], isOldOffice),
  type('document', 'application/vnd.ms-powerpoint', ['ppt'], isOldOffice),
  type('document', `${OFFICE}.wordprocessingml.document`, ['docx'], isArchiveWith('word/')),
  type('document', `${OFFICE}.spreadsheetml.sheet`, ['xlsx'], isArchiveWith('xl/')),
  type('document', `${OFFICE}.presentationml.presentation`, ['pptx'], isArchiveWith('ppt/')),
  type('document', 'text/plain', ['txt'], isPlainText),
]

/** What a browser says where it does not know: no contradiction. */
const UNDECLARED = new Set(['', 'application/octet-stream', 'binary/octet-stream'])

/**
 * The type of a file in which name, declared type and bytes agree; null where they do not, or where WhatsApp does not
 * take it. `head`: its first `HEAD_BYTES`, or all of it.
 */
export function fileTypeOf(file: { fileName: string; declared: string; head: Buffer }): FileType | null {
  const extension = /\.([a-z0-9]{1,5})$/i.exec(file.fileName)?.[1]?.toLowerCase() ?? ''
  const declared = (file.declared.split(';', 1)[0] ?? '').trim().toLowerCase()
  const found = TYPES.find(
    ({ extensions, mimeType, aliases = [], matches }) =>
      extensions.includes(extension) &&
      (UNDECLARED.has(declared) || declared === mimeType || aliases.includes(declared)) &&
      matches(file.head),
  )
  return found === undefined ? null : { kind: found.kind, mimeType: found.mimeType }
}

function type(
  kind: MediaKind,
  mimeType: string,
  extensions: string[],
  matches: KnownType['matches'],
  aliases: string[] = [],
): KnownType {
  return { kind, mimeType, extensions, matches, aliases }
}

function beginsWith(hex: string): KnownType['matches'] {
  const signature = Buffer.from(hex, 'hex')
  return (head) => head.subarray(0, signature.length).equals(signature)
}

/** ISO base media: the brand says for whom it was made. */
function isMovie(brand: RegExp): KnownType['matches'] {
  return (head) => head.toString('latin1', 4, 8) === 'ftyp' && brand.test(head.toString('latin1', 8, 12))
}

/** Tags before the sound, or the sound itself: eleven bits of synchronisation, layer III. */
function isMp3(head: Buffer): boolean {
  if (head.toString('latin1', 0, 3) === 'ID3') return true
  return head[0] === 0xff && ((head[1] ?? 0) & 0xe6) === 0xe2
}

/** ADTS: twelve bits of synchronisation, layer 0. */
function isAac(head: Buffer): boolean {
  return head[0] === 0xff && ((head[1] ?? 0) & 0xf6) === 0xf0
}

/** WhatsApp plays no other sound in Ogg. */
function isOpus(head: Buffer): boolean {
  return head.toString('latin1', 0, 4) === 'OggS' && head.subarray(0, 128).includes('OpusHead')
}

function isOldOffice(head: Buffer): boolean {
  return head.subarray(0, 8).equals(Buffer.from('d0cf11e0a1b11ae1', 'hex'))
}

function isArchiveWith(folder: string): KnownType['matches'] {
  return (head) => head.toString('latin1', 0, 4) === 'PK\x03\x04' && head.includes(folder)
}

/** Readable as UTF-8, but for a character that the end of the head cuts, and without control characters. */
function isPlainText(head: Buffer): boolean {
  if (head.some((byte) => byte < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d].includes(byte))) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: head.length >= HEAD_BYTES })
    return true
  } catch {
    return false
  }
}
