import type { FastifyRequest } from 'fastify'
import { senderOf, type Sender } from '#server/channels/tokenValidator.ts'
import type { Db } from '#server/db/Database.ts'
import { findCampaignChannel } from './campaignQueries.ts'
import type { CampaignKind } from './campaignTables.ts'

/** Who acts on the campaign, or single message, of the request's path: a token must be of the channel that it goes through. */
export async function senderFor(
  db: Db,
  request: FastifyRequest<{ Params: { id: string } }>,
  kind: CampaignKind = 'campaign',
): Promise<Sender> {
  const { id } = request.params
  return senderOf(request, (ownerIds) => findCampaignChannel(db, ownerIds, { id, kind }))
}
