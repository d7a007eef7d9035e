import { balance, balanceAtEnd } from '../lab/balance.ts'
import { makeCertificate } from '../lab/certificates.ts'
import { cloudChannel, sandboxChannel, siteBefore, startCampaign } from '../lab/channels.ts'
import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { errorsOf, rowsOf } from '../lab/observe.ts'
import type { RawGateway, Reply } from '../lab/RawGateway.ts'
import { accept, acceptAndClose, closeAfterRead, late, resetAfterAccept, resetAfterRead } from '../lab/replies.ts'
import type { Site } from '../lab/Site.ts'

const SIZE = 60
/** Fewer than what opens the breaker. */
const BROKEN = 3

const AFTER_READ: Record<string, Reply> = {
  'reset after the read': resetAfterRead,
  'closed after the read': closeAfterRead,
  'reset after the acceptance': resetAfterAccept,
}

/**
 * Connections that break before and after the request was read. What surely did not leave is repeated freely; what may
 * have left goes again under its id on WuzAPI, and on the Cloud API never.
 */
export async function brokenConnections(lab: Lab): Promise<Numbers> {
  const certificate = await makeCertificate(lab.directory, 'gateway', false)
  const [gateway, encrypted] = [await lab.rawGateway(), await lab.rawGateway(certificate)]
  const { site } = await siteBefore(lab, gateway, { NODE_EXTRA_CA_CERTS: certificate.file })
  return {
    ...(await beforeRead(lab, site, encrypted)),
    ...(await afterRead(lab, site, gateway)),
    ...(await betweenRequests(lab, site, gateway)),
  }
}

/** During the handshake not one byte of the request can have left: also the Cloud API gets it again. */
async function beforeRead(lab: Lab, site: Site, gateway: RawGateway): Promise<Numbers> {
  const channel = await cloudChannel(site, gateway.url)
  // Whether the channel is ready is asked on a connection that is open already; the sends open theirs.
  gateway.resetConnections = BROKEN
  const campaign = await startCampaign(site, channel, gateway, SIZE)
  const books = await balanceAtEnd(campaign, lab.limit(60_000))
  check(books.repeatedRequests === 0, `${books.repeatedRequests} requests reached the Cloud API twice.`)
  const burnt = (await rowsOf(campaign)).filter(({ attempts }) => attempts !== 1)
  check(burnt.length === 0, `${burnt.length} recipients lost an attempt in a handshake.`)
  const failures = (await errorsOf(campaign)).length
  check(failures >= BROKEN, `Only ${failures} attempts failed; ${BROKEN} connections were reset.`)
  return { 'reset in the handshake: failed attempts': failures, 'reset in the handshake: unknown': books.unknown }
}

async function afterRead(lab: Lab, site: Site, gateway: RawGateway): Promise<Numbers> {
  const numbers: Numbers = {}
  for (const [name, broken] of Object.entries(AFTER_READ)) {
    const counts = new Map<string, number>()
    gateway.reply = (send) => {
      const before = counts.get(send.channel) ?? 0
      counts.set(send.channel, before + 1)
      return before < BROKEN ? broken(send) : accept(send)
    }
    const [first, second] = [await sandboxChannel(site), await cloudChannel(site, gateway.url)]
    const wuzapi = await startCampaign(site, first, gateway, SIZE)
    const cloud = await startCampaign(site, second, gateway, SIZE)
    const books = await balanceAtEnd(wuzapi, lab.limit(60_000))
    check(books.repeatedRequests === BROKEN, `${name}: ${books.repeatedRequests} requests were repeated on WuzAPI.`)
    await cloud.untilCompleted(lab.limit(60_000))
    const { unknown, repeatedRequests } = await balance(cloud)
    check(
      unknown === BROKEN && repeatedRequests === 0,
      `${name}: ${unknown} unknown, ${repeatedRequests} repeated on the Cloud API.`,
    )
    numbers[`${name}: same id again on WuzAPI`] = books.repeatedRequests
    numbers[`${name}: unknown on the Cloud API`] = unknown
  }
  return numbers
}

/** The server closes its connections in silence while the next request may already be on them. */
async function betweenRequests(lab: Lab, site: Site, gateway: RawGateway): Promise<Numbers> {
  let count = 0
  // Now and then one that stays, so that the losses are no five in a row.
  gateway.reply = late(30, (send) => (count++ % 4 === 0 ? acceptAndClose(send) : accept(send)))
  const size = lab.rounds(1000, 200)
  const campaign = await startCampaign(site, await sandboxChannel(site), gateway, size)
  const books = await balanceAtEnd(campaign, lab.limit(90_000))
  return { 'closed in silence: requests lost and repeated': books.repeatedRequests }
}
