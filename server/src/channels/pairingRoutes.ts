import { channelConnection, channelQr, channelStatus } from '#contract/channels.ts'
import { idParams } from '#contract/common.ts'
import { actorOf, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import type { ChannelPairing } from './ChannelPairing.ts'

const PATH = '/api/user/channels/:id'

export type PairingRoutesDeps = { pairing: ChannelPairing }

/** Connecting a number from the screen: open, scan, log out. */
export function pairingRoutes({ pairing }: PairingRoutesDeps): RoutePlugin {
  const access = { config: { access: 'user' as const } }
  return async (app) => {
    app.post(
      `${PATH}/connect`,
      {
        ...access,
        schema: { summary: 'Connect the number', params: idParams, response: { 200: channelConnection } },
      },
      async (request) => pairing.connect(actorOf(request), request.params.id),
    )
    app.get(
      `${PATH}/qr`,
      {
        ...access,
        schema: { summary: 'The code that pairs the number', params: idParams, response: { 200: channelQr } },
      },
      async (request) => pairing.qr(requireUser(request).id, request.params.id),
    )
    app.post(
      `${PATH}/disconnect`,
      {
        ...access,
        schema: { summary: 'Log the number out of WhatsApp', params: idParams, response: { 200: channelStatus } },
      },
      async (request) => pairing.disconnect(actorOf(request), request.params.id),
    )
  }
}
