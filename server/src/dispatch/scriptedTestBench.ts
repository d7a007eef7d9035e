import { vi } from 'vitest'
import type { GatewayRegistry } from '#server/channels/GatewayRegistry.ts'
import type { Gateway, OutgoingMessage, SendFailure, SendOutcome } from '#server/channels/gateways/Gateway.ts'
import { classifyWuzapiAnswer } from '#server/channels/gateways/wuzapiFailures.ts'
import { buildCampaign, buildChannel, buildUser } from '#server/test/builders.ts'
import type { DispatchTestBench, Line } from './dispatchTestBench.ts'

/** What the gateway does with one message; a promise that never resolves is a gateway that never answers. */
export type Script = (message: OutgoingMessage) => SendOutcome | Promise<SendOutcome>

/**
 * Gateways in this very process, that answer as `script` says: for properties, which need the engine a hundred times over
 * and would wait for sockets most of that time. `asked` holds the ids of all requests, in their order.
 */
export function scriptedGateways(bench: DispatchTestBench, script: Script, maxInFlight = 4) {
  const gateways: GatewayRegistry = bench.newGateways()
  const asked: string[] = []
  const gateway: Gateway = {
    limits: { deadlineMs: 1000, maxInFlight },
    isIdempotent: true,
    send: async (message) => {
      asked.push(message.id)
      await new Promise((resolve) => setImmediate(resolve))
      return script(message)
    },
    status: async () => ({ connected: true, loggedIn: true, number: null }),
    checkNumbers: async () => [],
    registerWebhook: async () => undefined,
    close: async () => undefined,
  }
  gateways.get = async () => gateway
  return { gateways, asked }
}

/** A campaign on a channel of its own that no sandbox knows of; with `beside` on the channel of that one. */
export async function scriptedCampaign(
  bench: DispatchTestBench,
  recipients: number,
  { beside, ...more }: Parameters<typeof buildCampaign>[2] & { beside?: Line } = {},
): Promise<Line> {
  const userId = beside?.campaign.userId ?? (await buildUser(bench.db))
  const channelId = beside?.campaign.channelId ?? (await buildChannel(bench.db, userId)).id
  return { campaign: await buildCampaign(bench.db, { userId, channelId }, { recipients, ...more }), sandboxUser: '' }
}

/** As WuzAPI answers, in the words of its contract. */
export function wuzapiFailure(status: number, error: string): SendFailure {
  return classifyWuzapiAnswer({ status, error, call: 'send' })
}

/** Looks every few milliseconds: a property that waits a hundred times cannot afford longer steps. */
export function soon(isTrue: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  return vi.waitFor(
    async () => {
      if (!(await isTrue())) throw new Error(`Did not happen in ${timeoutMs} ms.`)
    },
    { timeout: timeoutMs, interval: 4 },
  )
}
