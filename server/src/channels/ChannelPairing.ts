import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelConnection, ChannelQr, ChannelStatusAnswer } from '#contract/channels.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db } from '#server/db/Database.ts'
import { AppError } from '#server/lib/AppError.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { findChannel } from './channelQueries.ts'
import type { ChannelService } from './ChannelService.ts'
import type { ChannelRow } from './channelTables.ts'
import type { GatewayRegistry } from './GatewayRegistry.ts'
import { GatewayError, type Gateway, type Pairing } from './gateways/Gateway.ts'
import { toChannelError } from './toChannelError.ts'

export type ChannelPairingDeps = {
  db: Db
  audit: AuditLogger
  gateways: GatewayRegistry
  channels: ChannelService
  /** How long a socket that is down may take to come back by itself, and a new one to show its first code; in ms. */
  patienceMs?: number
}

/** A connection that comes back by itself does so within some seconds; people wait that long for a button. */
const PATIENCE_MS = 4000
const LOOK_EVERY_MS = 500
/** The first code of a connection lives for 60 s, the others for 20 s (contracts/wuzapi.md 3.1). */
const FIRST_CODE_S = 60
const NEXT_CODE_S = 20

type ShownCode = { qr: string; since: number; livesS: number }

/** Connects numbers to WhatsApp with a code that the phone scans, and logs them out. */
export class ChannelPairing {
  readonly #deps: ChannelPairingDeps
  /** By channel, while it waits to be scanned: when its code was first seen. What another process saw is not in here. */
  readonly #shown = new Map<string, ShownCode>()
  readonly #connecting = new Map<string, Promise<ChannelConnection>>()

  constructor(deps: ChannelPairingDeps) {
    this.#deps = deps
  }

  /**
   * Opens the connection of a number; one that is open, or waits for its code to be scanned, is left alone. Throws
   * NOT_FOUND, UNPROCESSABLE for a gateway that connects elsewhere, and what the gateway answers.
   */
  async connect(actor: Actor, id: string): Promise<ChannelConnection> {
    const { channel, gateway } = await this.#open(actor.ownerId, id)
    const pairing = pairingOf(channel, gateway)
    // Two presses of a button must not open two connections, which would throw each other out.
    const underWay = this.#connecting.get(id)
    if (underWay !== undefined) return underWay
    const connecting = this.#connect(actor, channel, gateway, pairing).finally(() => this.#connecting.delete(id))
    this.#connecting.set(id, connecting)
    return connecting
  }

  /** The code to scan now. Throws NOT_FOUND, and what the gateway answers beside what `state` says. */
  async qr(userId: string, id: string): Promise<ChannelQr> {
    const { gateway } = await this.#open(userId, id)
    if (gateway.pairing === undefined) return { state: 'unsupported', qr: null, expiresInSeconds: null }
    const code = await this.#readCode(gateway.pairing)
    if (code.state === 'waiting') return { ...code, expiresInSeconds: this.#secondsLeft(id, code.qr) }
    this.#shown.delete(id)
    if (code.state === 'connected') await this.#deps.channels.status(userId, id)
    return { ...code, expiresInSeconds: null }
  }

  /**
   * Logs the number out: it must be paired anew. One that only waited to be scanned stops waiting. Throws
   * CHANNEL_NOT_CONNECTED for a number without a connection, because WhatsApp cannot be told then.
   */
  async disconnect(actor: Actor, id: string): Promise<ChannelStatusAnswer> {
    const { channel, gateway } = await this.#open(actor.ownerId, id)
    const pairing = pairingOf(channel, gateway)
    await this.#note(actor, channel, 'channel-disconnect')
    this.#shown.delete(id)
    await reached(() => pairing.logout(), { needsConnection: true })
    return this.#deps.channels.status(actor.ownerId, id)
  }

  async #connect(actor: Actor, channel: ChannelRow, gateway: Gateway, pairing: Pairing): Promise<ChannelConnection> {
    const { id } = channel
    const { connected, loggedIn } = await reached(() => this.#untilBack(gateway))
    if (connected && !loggedIn) return { state: 'connecting' }
    if (!connected) {
      await this.#note(actor, channel, 'channel-connect')
      this.#shown.delete(id)
      await reached(() => pairing.connect())
    }
    const { status } = await this.#deps.channels.status(actor.ownerId, id)
    return { state: status === 'ready' ? 'connected' : 'connecting' }
  }

  async #open(userId: string, id: string): Promise<{ channel: ChannelRow; gateway: Gateway }> {
    const channel = await findChannel(this.#deps.db, userId, id)
    if (channel === undefined) throw new AppError('NOT_FOUND')
    return { channel, gateway: await this.#deps.gateways.get(channel) }
  }

  /**
   * How the number is, after a while for a paired one whose socket is down: the gateway brings it back by itself, and a
   * second connection of the same device would throw the first one out.
   */
  async #untilBack(gateway: Gateway) {
    const deadline = performance.now() + (this.#deps.patienceMs ?? PATIENCE_MS)
    for (;;) {
      const status = await gateway.status()
      if (status.connected || !status.loggedIn || performance.now() >= deadline) return status
      await sleep(LOOK_EVERY_MS)
    }
  }

  /** A connection that was only just opened has no socket yet; one that has none after a while never gets a code. */
  async #readCode(pairing: Pairing): Promise<Pick<ChannelQr, 'state' | 'qr'>> {
    const deadline = performance.now() + (this.#deps.patienceMs ?? PATIENCE_MS)
    for (;;) {
      try {
        return { state: 'waiting', qr: await pairing.qr() }
      } catch (error) {
        const code = error instanceof GatewayError ? error.failure.code : ''
        if (code === 'ALREADY_LOGGED_IN') return { state: 'connected', qr: null }
        if (code === 'NO_SESSION') return { state: 'expired', qr: null }
        if (code !== 'NOT_CONNECTED') throw toChannelError(error)
        if (performance.now() >= deadline) return { state: 'expired', qr: null }
      }
      await sleep(LOOK_EVERY_MS)
    }
  }

  #secondsLeft(id: string, qr: string | null): number | null {
    if (qr === null) return null
    const known = this.#shown.get(id)
    const isNext = known !== undefined && known.qr !== qr
    const shown =
      known?.qr === qr ? known : { qr, since: performance.now(), livesS: isNext ? NEXT_CODE_S : FIRST_CODE_S }
    this.#shown.set(id, shown)
    return Math.max(1, Math.ceil(shown.livesS - (performance.now() - shown.since) / 1000))
  }

  /** Before the gateway is asked: what it then does stands in no database of ours. */
  async #note(actor: Actor, channel: ChannelRow, action: 'channel-connect' | 'channel-disconnect'): Promise<void> {
    const about = { ...doneBy(actor), ownerId: actor.ownerId, target: channel.id }
    await this.#deps.audit.logEvent(this.#deps.db, { ...about, action, details: { name: channel.name } })
  }
}

function pairingOf(channel: ChannelRow, gateway: Gateway): Pairing {
  if (gateway.pairing !== undefined) return gateway.pairing
  const message = `A channel on ${channel.gateway} is connected there and not here.`
  throw new AppError('UNPROCESSABLE', { details: [{ field: 'id', message }] })
}

async function reached<T>(call: () => Promise<T>, options: { needsConnection?: boolean } = {}): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw toChannelError(error, options)
  }
}
