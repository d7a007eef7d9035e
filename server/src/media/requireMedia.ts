import type { CampaignMessage } from '#contract/campaignMessages.ts'
import type { Trx } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { MAX_CACHED_BYTES } from './MediaCache.ts'
import { holdMedia } from './mediaQueries.ts'

/**
 * Every file that messages name must be there and of the kind that the message says; it stays until the transaction
 * ends, in which the messages are stored. Throws UNPROCESSABLE that names the field.
 */
export async function requireMedia(
  trx: Trx,
  userId: string,
  messages: CampaignMessage[],
  fieldOf = (index: number) => `messages.${index}`,
): Promise<void> {
  const ids = [...new Set(messages.flatMap((message) => ('mediaId' in message ? message.mediaId : [])))]
  if (ids.length === 0) return
  const media = await holdMedia(trx, userId, ids)
  const kinds = new Map(media.map(({ id, kind }) => [id, kind]))
  for (const [index, message] of messages.entries()) {
    if (!('mediaId' in message)) continue
    const kind = kinds.get(message.mediaId)
    if (kind === message.type) continue
    const reason = kind === undefined ? 'There is no such file in your account.' : `This file is of the kind ${kind}.`
    throw refuse(`${fieldOf(index)}.mediaId`, reason)
  }
  const together = media.reduce((sum, { bytes }) => sum + bytes, 0)
  if (media.length < 2 || together <= MAX_CACHED_BYTES) return
  const most = MAX_CACHED_BYTES / 1024 / 1024
  throw refuse('messages', `The files of one sequence may have ${most} MiB together, so that a worker can hold them.`)
}

function refuse(field: string, message: string): AppError {
  return new AppError('UNPROCESSABLE', { details: [{ field, message }] })
}
