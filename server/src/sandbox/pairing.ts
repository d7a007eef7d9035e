import { changeConnection } from './connection.ts'
import { draw } from './draw.ts'
import type { SandboxUser, UserRegistry } from './users.ts'
import type { WebhookPoster } from './WebhookPoster.ts'

type Deps = { users: UserRegistry; poster: WebhookPoster }

/** One stretch in which a number shows codes; `asked` once somebody has looked at one. */
export type PairingWait = { since: number; asked: boolean }

/** As in the real gateway: the first code for a minute, then five for 20 s each. */
const FIRST_CODE_MS = 60_000
const NEXT_CODE_MS = 20_000

/** Nobody may come: then the session ends by itself, and its owner is told. */
export function waitForScan(deps: Deps, user: SandboxUser): PairingWait {
  const wait = { since: Date.now(), asked: false }
  user.pairing = wait
  // Nothing waits for these, least of all the end of the process.
  setTimeout(() => {
    if (!isStill(user, wait)) return
    changeConnection(deps, user, { state: 'absent', event: null })
    deps.poster.post(user, { type: 'QRTimeout', event: 'timeout' })
  }, user.settings.qrLifeMs).unref()
  return wait
}

/** The code of this moment as a picture. Whoever looks at one for the first time scans it a little later. */
export async function showCode(deps: Deps, user: SandboxUser): Promise<string> {
  // After a restart of the sandbox, or put into this state from outside, nobody has begun to wait.
  const wait = user.pairing ?? waitForScan(deps, user)
  const { autoPairMs } = user.settings
  if (!wait.asked && autoPairMs > 0) {
    setTimeout(() => {
      if (isStill(user, wait)) changeConnection(deps, user, { state: 'ready' })
    }, autoPairMs).unref()
  }
  wait.asked = true
  const { toDataURL } = await import('qrcode')
  return toDataURL(codeOf(user, wait), { margin: 2, width: 256 })
}

function isStill(user: SandboxUser, wait: PairingWait): boolean {
  return user.state === 'qr' && user.pairing === wait
}

/** Says what it is to whoever scans it with a real phone. */
function codeOf(user: SandboxUser, { since }: PairingWait): string {
  const ms = Date.now() - since
  const turn = ms < FIRST_CODE_MS ? 0 : 1 + Math.floor((ms - FIRST_CODE_MS) / NEXT_CODE_MS)
  return `Revoada sandbox: nothing to scan here. ${user.name.slice(0, 80)} ${turn} ${draw('qr', user.id, String(turn))}`
}
