import { z } from 'zod'
import { id, instant } from './common.ts'

export const MEDIA_KINDS = ['image', 'video', 'audio', 'document'] as const
export type MediaKind = (typeof MEDIA_KINDS)[number]

const MIB = 1024 * 1024
/** Largest file of a kind in bytes: contracts/cloud-api.md 6. WuzAPI names no limits, and WhatsApp's own are no lower. */
export const MAX_BYTES_OF_KIND: Record<MediaKind, number> = {
  image: 5 * MIB,
  video: 16 * MIB,
  audio: 16 * MIB,
  document: 100 * MIB,
}

/** Answer of `POST /api/user/media` (201) and a row of the list. The same bytes twice are one medium. */
export const medium = z.object({
  id,
  kind: z.enum(MEDIA_KINDS),
  mimeType: z.string(),
  fileName: z.string(),
  bytes: z.number(),
  /** In hex, of the bytes. */
  sha256: z.string(),
  createdAt: instant,
})
export type Medium = z.infer<typeof medium>
