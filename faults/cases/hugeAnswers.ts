import { gzipSync } from 'node:zlib'
import { balance, balanceAtEnd } from '../lab/balance.ts'
import { cloudChannel, sandboxChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check, most } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { peakRssDuring, rssMiB } from '../lab/observe.ts'
import type { RawExchange, RawGateway, Reply } from '../lab/RawGateway.ts'
import { accept, answer, pour } from '../lab/replies.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

const SIZE = 40
const HUGE = 3
const MAX_GROWTH_MIB = 20
/** What is under way in two sockets when one side stops reading. */
const SOCKET_BUFFERS = 16 * 1024 * 1024
const MIB = 1024 * 1024

/** 10 MB of zeros fit into 10 KB, and gzip reads one member after the other: this unpacks to 10 GB. */
function bomb(): Buffer {
  const member = gzipSync(Buffer.alloc(10 * MIB), { level: 9 })
  return Buffer.concat(Array.from({ length: 1024 }, () => member))
}

function endlessChunks(): Reply {
  const chunk = Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`)
  return pour('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n', () => chunk)
}

function manyHeaders(): Reply {
  const headers = Array.from({ length: 10_000 }, (_, index) => `X-Header-${index}: ${'v'.repeat(50)}`).join('\r\n')
  return ({ socket }) => void socket.end(`HTTP/1.1 200 OK\r\n${headers}\r\nContent-Length: 2\r\n\r\n{}`)
}

/** Answers without end: cut at 64 KiB, whatever they unpack to, and the memory stays what it was. */
export async function hugeAnswers(lab: Lab): Promise<Numbers> {
  const packed = bomb()
  const kinds: Record<string, Reply> = {
    'a short answer, for comparison': answer(200, '{}'),
    'endless chunks': endlessChunks(),
    'endless informational answers': pour('', () =>
      Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(500)),
    ),
    'gzip of 10 GB': answer(200, packed, { 'content-encoding': 'gzip' }),
    '10,000 headers': manyHeaders(),
    'one endless header': pour('HTTP/1.1 200 OK\r\nX-A: ', () => Buffer.alloc(65_536, 'a')),
    'an endless chunk extension': pour('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;', () =>
      Buffer.alloc(65_536, 'e'),
    ),
    'endless trailers': pour('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', () =>
      Buffer.from('X-T: a\r\n'.repeat(5000)),
    ),
  }
  const gateway = await lab.rawGateway()
  const { site, server } = await siteBefore(lab, gateway, { GATEWAY_DEADLINE_MS: '3000' })
  await warmUp(lab, site, gateway)
  const numbers: Numbers = {}
  const before = Math.round(rssMiB(server))
  for (const [name, huge] of Object.entries(kinds)) {
    const { growth, read } = await meet(lab, { site, server, gateway }, huge)
    check(growth <= MAX_GROWTH_MIB, `With ${name} the server grew by ${growth} MiB.`)
    check(read <= SOCKET_BUFFERS, `With ${name} ${Math.round(read / MIB)} MiB were taken.`)
    numbers[`${name}: growth, MiB`] = growth
    numbers[`${name}: left the gateway, KiB`] = Math.round(read / 1024)
  }
  return { ...numbers, 'memory before, MiB': before, 'memory after, MiB': Math.round(rssMiB(server)) }
}

/** A server that has just started grows by itself. */
async function warmUp(lab: Lab, site: Site, gateway: RawGateway): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const campaign = await startCampaign(site, await sandboxChannel(site), gateway, lab.rounds(3000, 1500))
    await balanceAtEnd(campaign, lab.limit(60_000))
  }
}

async function meet(
  lab: Lab,
  { site, server, gateway }: { site: Site; server: ServerProcess; gateway: RawGateway },
  huge: Reply,
): Promise<{ growth: number; read: number }> {
  gateway.exchanges.length = 0
  const counts = new Map<string, number>()
  gateway.reply = (send) => {
    const count = (counts.get(send.channel) ?? 0) + 1
    counts.set(send.channel, count)
    return count <= HUGE ? huge(send) : accept(send)
  }
  const [first, second] = [await sandboxChannel(site), await cloudChannel(site, gateway.url)]
  const before = rssMiB(server)
  const peak = await peakRssDuring(server, async () => {
    const wuzapi = await startCampaign(site, first, gateway, SIZE)
    const cloud = await startCampaign(site, second, gateway, SIZE)
    await balanceAtEnd(wuzapi, lab.limit(60_000))
    await cloud.untilCompleted(lab.limit(60_000))
    const { accepted, unknown } = await balance(cloud)
    check(
      accepted === SIZE - HUGE && unknown === HUGE,
      `${accepted} were reached on the Cloud API, ${unknown} are unknown.`,
    )
  })
  const cutOff = gateway.exchanges.filter(({ answered }: RawExchange) => !answered)
  return { growth: Math.round(Math.max(0, peak - before)), read: most(cutOff.map(({ bytesWritten }) => bytesWritten)) }
}
