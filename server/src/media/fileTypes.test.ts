import { describe, expect, it } from 'vitest'
import { fileTypeOf, HEAD_BYTES } from './fileTypes.ts'

const OFFICE = 'application/vnd.openxmlformats-officedocument'
const hex = (text: string) => Buffer.from(text, 'hex')
const movie = (brand: string) => Buffer.concat([hex('00000020'), Buffer.from(`ftyp${brand}`)])
const archive = (folder: string) => Buffer.from(`PK\x03\x04…[Content_Types].xml…${folder}document.xml`, 'latin1')

/** Name, declared type, bytes, what it is. */
const FILES: [string, string, Buffer, string][] = [
  ['foto.jpg', 'image/jpeg', hex('ffd8ffe000104a464946'), 'image image/jpeg'],
  ['FOTO.JPEG', 'image/jpeg', hex('ffd8ffe1'), 'image image/jpeg'],
  ['logo.png', 'image/png', hex('89504e470d0a1a0a0000'), 'image image/png'],
  ['video.mp4', 'video/mp4', movie('isom'), 'video video/mp4'],
  ['video.mp4', 'video/mp4', movie('mp42'), 'video video/mp4'],
  ['video.3gp', 'video/3gpp', movie('3gp5'), 'video video/3gpp'],
  ['som.m4a', 'audio/x-m4a', movie('M4A '), 'audio audio/mp4'],
  ['som.mp3', 'audio/mpeg', Buffer.from('ID3\x04'), 'audio audio/mpeg'],
  ['som.mp3', 'audio/mp3', hex('fffb9064'), 'audio audio/mpeg'],
  ['som.aac', 'audio/aac', hex('fff15080'), 'audio audio/aac'],
  ['som.amr', 'audio/amr', Buffer.from('#!AMR\n\x3c'), 'audio audio/amr'],
  ['voz.ogg', 'audio/ogg; codecs=opus', Buffer.from('OggS……OpusHead'), 'audio audio/ogg'],
  ['a.pdf', 'application/pdf', Buffer.from('%PDF-1.7'), 'document application/pdf'],
  ['a.doc', 'application/msword', hex('d0cf11e0a1b11ae100'), 'document application/msword'],
  ['a.xls', 'application/vnd.ms-excel', hex('d0cf11e0a1b11ae100'), 'document application/vnd.ms-excel'],
  ['a.docx', '', archive('word/'), `document ${OFFICE}.wordprocessingml.document`],
  ['a.xlsx', 'application/octet-stream', archive('xl/'), `document ${OFFICE}.spreadsheetml.sheet`],
  [
    'a.pptx',
    `${OFFICE}.presentationml.presentation`,
    archive('ppt/'),
    `document ${OFFICE}.presentationml.presentation`,
  ],
  ['leia.txt', 'text/plain', Buffer.from('Olá, João 😀\r\n'), 'document text/plain'],
]

describe('a file is what its name, its declared type and its bytes say', () => {
  it.each(FILES)('%s as %s', (fileName, declared, head, expected) => {
    const found = fileTypeOf({ fileName, declared, head })
    expect(`${found?.kind} ${found?.mimeType}`).toBe(expected)
  })

  it('and nothing where one of them says something else', () => {
    for (const [fileName, declared, head] of FILES) {
      const other = { fileName, declared, head }
      expect([fileName, fileTypeOf({ ...other, fileName: 'x.exe' })]).toEqual([fileName, null])
      expect([fileName, fileTypeOf({ ...other, fileName: 'x' })]).toEqual([fileName, null])
      expect([fileName, fileTypeOf({ ...other, declared: 'text/html' })]).toEqual([fileName, null])
      expect([fileName, fileTypeOf({ ...other, head: Buffer.from('MZ\x90\x00\x03') })]).toEqual([fileName, null])
    }
  })
})

it.each([
  ['a page that calls itself a picture', 'x.png', 'image/png', Buffer.from('<html><script>')],
  ['a picture under the name of another kind of picture', 'x.png', 'image/png', hex('ffd8ffe0')],
  ['a picture that WhatsApp does not take', 'x.webp', 'image/webp', Buffer.from('RIFF1234WEBP')],
  ['a drawing with scripts', 'x.svg', 'image/svg+xml', Buffer.from('<svg/>')],
  ['any archive', 'x.docx', '', archive('META-INF/')],
  ['sound in Ogg that is not Opus', 'x.ogg', 'audio/ogg', Buffer.from('OggS……\x01vorbis')],
  ['a film of QuickTime', 'x.mp4', 'video/mp4', movie('qt  ')],
  ['text that is none', 'x.txt', 'text/plain', Buffer.from([0x41, 0x00, 0x42])],
  ['text in another encoding', 'x.txt', 'text/plain', Buffer.from('Jo\xe3o', 'latin1')],
  ['nothing at all', 'x.pdf', 'application/pdf', Buffer.alloc(0)],
])('%s is refused', (_what, fileName, declared, head) => {
  expect(fileTypeOf({ fileName, declared, head })).toBeNull()
})

it('text whose last character is cut by the end of the head is text', () => {
  const head = Buffer.from('a'.repeat(HEAD_BYTES - 1) + 'é').subarray(0, HEAD_BYTES)
  expect(fileTypeOf({ fileName: 'x.txt', declared: 'text/plain', head })?.mimeType).toBe('text/plain')
})
