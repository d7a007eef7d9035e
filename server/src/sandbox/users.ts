import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { draw } from './draw.ts'
import { splitEvents } from './events.ts'
import type { PairingWait } from './pairing.ts'
import { writeAtomically } from './sandboxDirectory.ts'
import { MinuteWindow, SendQueue } from './SendQueue.ts'
import type { Verdict } from './settings.ts'
import { changeSettings, CONNECTION_STATES, DEFAULT_SETTINGS, sandboxSettings } from './settings.ts'

const storedUser = z.object({
  id: z.string(),
  name: z.string(),
  token: z.string(),
  webhook: z.string(),
  storedEvents: z.string(),
  hmacKey: z.string(),
  state: z.enum(CONNECTION_STATES),
  paired: z.boolean(),
  settings: sandboxSettings,
})
type StoredUser = z.infer<typeof storedUser>

/** One registered number and what the process remembers about it while it runs. */
export type SandboxUser = Omit<StoredUser, 'settings'> & {
  settings: typeof DEFAULT_SETTINGS
  /** What is delivered. It can differ from `storedEvents`, which is what is shown: see `webhookRoutes`. */
  activeEvents: ReadonlySet<string>
  /** A key given at creation signs nothing until `/session/hmac/config` or a restart, as in the real server. */
  signingKey: string
  queue: SendQueue
  sentLastMinute: MinuteWindow
  script: Map<string, Verdict[]>
  /** The wait for somebody who scans its code. */
  pairing: PairingWait | null
}

export type NewUser = { name: string; token: string; webhook: string; events: string; hmacKey: string }

/** The registered numbers, kept in `users.json` of the sandbox's directory. */
export class UserRegistry {
  readonly #file: string
  readonly #users = new Map<string, SandboxUser>()
  /** Tokens are never taken out: in the real server a deleted or changed one works until the next start. */
  readonly #byToken = new Map<string, SandboxUser>()

  /** Reads what an earlier process left. Throws when the file is there and cannot be understood. */
  constructor(directory: string) {
    this.#file = join(directory, 'users.json')
    for (const stored of readUsers(this.#file)) this.#add(wake(stored))
  }

  list(): SandboxUser[] {
    return [...this.#users.values()]
  }

  find(id: string): SandboxUser | null {
    return this.#users.get(id) ?? null
  }

  /** The user of a token that a request brought, also one that was deleted since the start. */
  findByToken(token: string): SandboxUser | null {
    return this.#byToken.get(token) ?? null
  }

  /** The registered user with this token now. */
  findRegistered(token: string): SandboxUser | null {
    return this.list().find((user) => user.token === token) ?? null
  }

  /** Adds a number that is connected and logged in at once: there is nobody to scan its code. */
  create(created: NewUser): SandboxUser {
    const { events, ...rest } = created
    const id = randomBytes(16).toString('hex')
    const stored = { ...rest, id, storedEvents: events, state: 'ready' as const, paired: true, settings: {} }
    const user = { ...wake(stored), signingKey: '' }
    this.#add(user)
    this.save()
    return user
  }

  /** Forgets the number; with `token` its token stops working at once too. */
  remove(user: SandboxUser, options: { token: boolean }): void {
    this.#users.delete(user.id)
    if (options.token) this.#byToken.delete(user.token)
    this.save()
  }

  changeToken(user: SandboxUser, token: string): void {
    user.token = token
    this.#byToken.set(token, user)
  }

  /** Writes the file. Called after every change, before the change is confirmed. */
  save(): void {
    writeAtomically(this.#file, `${JSON.stringify(this.list().map(toStored), null, 1)}\n`)
  }

  #add(user: SandboxUser): void {
    this.#users.set(user.id, user)
    this.#byToken.set(user.token, user)
  }
}

/** The address WhatsApp would give the number: made up from its id, so that it stays. */
export function jidOf(user: SandboxUser): string {
  const digits = Math.floor(draw('jid', 'number', user.id) * 1e8)
  return user.paired ? `55119${String(digits).padStart(8, '0')}:12@s.whatsapp.net` : ''
}

function readUsers(file: string): StoredUser[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  try {
    return z.array(storedUser).parse(JSON.parse(text))
  } catch (cause) {
    throw new Error(`${file} cannot be read as the sandbox's list of numbers.`, { cause })
  }
}

function wake(stored: StoredUser): SandboxUser {
  return {
    ...stored,
    settings: changeSettings(DEFAULT_SETTINGS, stored.settings),
    activeEvents: new Set(splitEvents(stored.storedEvents)),
    signingKey: stored.hmacKey,
    queue: new SendQueue(),
    sentLastMinute: new MinuteWindow(),
    script: new Map(),
    pairing: null,
  }
}

function toStored(user: SandboxUser): StoredUser {
  const { id, name, token, webhook, storedEvents, hmacKey, state, paired, settings } = user
  return { id, name, token, webhook, storedEvents, hmacKey, state, paired, settings }
}
