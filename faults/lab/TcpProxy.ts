import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** What stands behind the proxy: a port of this machine, or a Unix socket. */
export type ProxyTarget = { host: string; port: number } | { path: string }

type Manners = {
  /** Added to every piece, in each direction. */
  delayMs: number
  /** Infinity: as fast as it goes. */
  bytesPerSecond: number
}

/** Pieces that wait longer than this many bytes make the sender wait, as a slow line would. */
const MAX_QUEUED = 256 * 1024

/**
 * A bad line between two processes of this machine: cuts, resets, swallows, delays or throttles, or breaks off right
 * after a word. What is set holds for every connection there is and for those that come; `cut`, `reset` and `blackHole`
 * are about those there are, the latter also about those that come while it lasts.
 */
export class TcpProxy {
  readonly #server: Server
  readonly #target: ProxyTarget
  readonly #lines = new Set<Line>()
  /** Connections that came while everything was forgotten. */
  readonly #lost = new Set<Socket>()
  readonly #manners: Manners = { delayMs: 0, bytesPerSecond: Infinity }
  #breakAfter: Buffer | null = null
  #refusing = false
  #forgetting = false
  /** Connections that came so far. */
  accepted = 0
  /** How often the line broke after the word of `dropAfter`. */
  dropped = 0

  private constructor(target: ProxyTarget) {
    this.#target = target
    // Half open: each side learns of the other's end only when the line says so.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client))
  }

  /** On a free port of the loopback. `close` it. */
  static async open(target: ProxyTarget): Promise<TcpProxy> {
    const proxy = new TcpProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Ends every connection in order (FIN to both sides). */
  cut(): void {
    for (const line of this.#lines) line.end()
  }

  /** Ends every connection with a reset on both sides. */
  reset(): void {
    for (const line of this.#lines) line.reset()
  }

  /**
   * True: forgets every connection, as a firewall does: nothing passes any more, and no side is told. False: connections
   * that come from now on pass again; the forgotten ones stay so.
   */
  blackHole(forgetting: boolean): void {
    this.#forgetting = forgetting
    if (forgetting) for (const line of this.#lines) line.isForgotten = true
  }

  /** Whether new connections are reset before they reach the target. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing
  }

  delay(ms: number): void {
    this.#manners.delayMs = ms
  }

  throttle(bytesPerSecond: number): void {
    this.#manners.bytesPerSecond = bytesPerSecond
  }

  /** Passes the piece from a client that holds `word`, and then breaks off both sides: its answer never arrives. Null ends it. */
  dropAfter(word: string | null): void {
    this.#breakAfter = word === null ? null : Buffer.from(word)
  }

  async close(): Promise<void> {
    this.reset()
    for (const client of this.#lost) client.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #accept(client: Socket): void {
    this.accepted += 1
    if (this.#refusing) return void client.on('error', () => undefined).resetAndDestroy()
    // What a firewall swallows never reaches the target.
    if (this.#forgetting) return void this.#lost.add(client.on('error', () => undefined))
    const target = createConnection({ ...this.#target, allowHalfOpen: true, noDelay: true })
    const line = new Line(client, target, this.#manners, (piece) => this.#isLast(piece))
    this.#lines.add(line)
    line.onEnd(() => this.#lines.delete(line))
  }

  #isLast(piece: Buffer): boolean {
    if (this.#breakAfter === null || !piece.includes(this.#breakAfter)) return false
    this.dropped += 1
    return true
  }
}

/** One connection through the proxy: two sockets, and what is on its way between them. */
class Line {
  readonly #client: Socket
  readonly #target: Socket
  readonly #manners: Manners
  isForgotten = false
  /** The word was passed on; whatever the target answers is lost. */
  #isBroken = false

  constructor(client: Socket, target: Socket, manners: Manners, isLast: (piece: Buffer) => boolean) {
    this.#client = client
    this.#target = target
    this.#manners = manners
    this.#carry(client, target, (piece) => {
      if (!isLast(piece)) return
      this.#isBroken = true
      // The target reads the piece and does what it says; then the client's side is gone.
      setTimeout(() => this.reset(), 20)
    })
    this.#carry(target, client, () => undefined)
  }

  end(): void {
    this.#client.destroy()
    this.#target.destroy()
  }

  reset(): void {
    this.#client.resetAndDestroy()
    this.#target.end()
  }

  onEnd(heard: () => void): void {
    this.#client.once('close', heard)
  }

  /** Passes pieces from one side to the other, in order, as late and as slowly as the manners say. */
  #carry(from: Socket, to: Socket, look: (piece: Buffer) => void): void {
    let freeAt = 0
    let queued = 0
    const later = (size: number, act: () => void) => {
      const { delayMs, bytesPerSecond } = this.#manners
      const now = performance.now()
      freeAt = Math.max(freeAt, now) + (size / bytesPerSecond) * 1000
      const waitMs = Math.max(0, freeAt - now) + delayMs
      if (waitMs === 0) act()
      else setTimeout(act, waitMs)
    }
    from.on('data', (piece: Buffer) => {
      if (this.isForgotten || (this.#isBroken && from === this.#target)) return
      queued += piece.length
      if (queued > MAX_QUEUED) from.pause()
      later(piece.length, () => {
        queued -= piece.length
        if (from.isPaused() && queued <= MAX_QUEUED) from.resume()
        if (!this.isForgotten && to.writable) to.write(piece)
        look(piece)
      })
    })
    from.on('end', () => later(0, () => !this.isForgotten && to.end()))
    from.on('error', () => !this.isForgotten && to.destroy())
    from.on('close', () => !this.isForgotten && later(0, () => to.destroy()))
  }
}
