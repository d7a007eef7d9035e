import type { FailureCategory } from '#contract/errors.ts'
import type { CheckObstacle } from '#contract/phones.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { GatewayAnswer, NumberGateway } from '#server/phone/NumberChecker.ts'
import { findChannel } from './channelQueries.ts'
import type { ChannelRow } from './channelTables.ts'
import type { GatewayRegistry } from './GatewayRegistry.ts'
import { GatewayError } from './gateways/Gateway.ts'

/** A user's channels as those who can say whether a number is on WhatsApp. */
export function numberGateway({ db, gateways }: { db: Db; gateways: GatewayRegistry }): NumberGateway {
  const channelOf = async (userId: string, channelId: string): Promise<ChannelRow> => {
    const channel = await findChannel(db, userId, channelId)
    if (channel === undefined) throw new AppError('NOT_FOUND')
    return channel
  }
  return {
    findObstacle: async (userId, channelId) =>
      // Meta has no such question.
      (await channelOf(userId, channelId)).gateway === 'cloud' ? 'UNSUPPORTED' : null,
    ask: async (userId, channelId, phones) => {
      const channel = await channelOf(userId, channelId)
      try {
        return { answers: await askGateway(gateways, channel, phones) }
      } catch (error) {
        if (error instanceof GatewayError) return { obstacle: OBSTACLES[error.failure.category] ?? 'UNREACHABLE' }
        throw error
      }
    },
  }
}

const OBSTACLES: Partial<Record<FailureCategory, CheckObstacle>> = {
  DISCONNECTED: 'DISCONNECTED',
  UNAUTHORIZED: 'CHANNEL_UNAUTHORIZED',
  RATE_LIMIT: 'RATE_LIMIT',
  TIMEOUT: 'TIMEOUT',
}

async function askGateway(gateways: GatewayRegistry, channel: ChannelRow, phones: string[]): Promise<GatewayAnswer[]> {
  const gateway = await gateways.get(channel)
  const checks = await gateway.checkNumbers(phones.map((phone) => phone.slice(1)))
  return checks.map(({ query, isOnWhatsapp, jid }) => ({ phone: `+${query}`, isOnWhatsapp, jid }))
}
