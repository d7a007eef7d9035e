import { hash, randomInt } from 'node:crypto'
import type { CloudMedium, CloudNumber } from './CloudNumbers.ts'
import type { GraphFault } from './graphAnswers.ts'

const LARGEST_BYTES: [pattern: RegExp, bytes: number][] = [
  [/^image\/(?:jpeg|png)$/, 5 * 1024 * 1024],
  [/^video\/(?:mp4|3gpp)$/, 16 * 1024 * 1024],
  [/^audio\/(?:aac|amr|mpeg|mp4|ogg)$/, 16 * 1024 * 1024],
  [/^(?:application\/(?:pdf|msword|vnd\.[\w.+-]+)|text\/plain)$/, 100 * 1024 * 1024],
]

/** Takes a file of `POST …/media`. What is kept is what it was, not its bytes. */
export async function storeMedium(
  number: CloudNumber,
  body: Buffer,
  contentType: string,
): Promise<CloudMedium | GraphFault> {
  const form = await readForm(body, contentType)
  if (form === null) return { code: 100, details: 'The body is no multipart form.' }
  if (form.get('messaging_product') !== 'whatsapp')
    return { code: 100, details: 'The parameter messaging_product is required.' }
  const file = form.get('file')
  if (file === null || typeof file === 'string') return { code: 100, details: 'The parameter file is required.' }
  const given = form.get('type')
  const mimeType = ((typeof given === 'string' && given !== '' ? given : file.type).split(';', 1)[0] ?? '').trim()
  const largest = LARGEST_BYTES.find(([pattern]) => pattern.test(mimeType))?.[1]
  if (largest === undefined)
    return { code: 100, details: `Param file must be a file with one of the known types, not ${mimeType}.` }
  const bytes = Buffer.from(await file.arrayBuffer())
  if (bytes.length === 0 || bytes.length > largest) return { code: 100, details: 'The file is empty or too large.' }
  const medium = { id: `9${randomInt(2 ** 47)}`, mimeType, sha256: hash('sha256', bytes, 'hex'), size: bytes.length }
  number.media.set(medium.id, medium)
  return medium
}

async function readForm(body: Buffer, contentType: string): Promise<FormData | null> {
  try {
    return await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData()
  } catch {
    return null
  }
}
