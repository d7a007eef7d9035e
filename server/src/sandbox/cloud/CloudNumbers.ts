import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeAtomically } from '../sandboxDirectory.ts'
import type { CloudRegistration, CloudSettings, CloudVerdict } from './cloudSettings.ts'
import { changeCloudSettings, cloudBehaviour, cloudTemplate, DEFAULT_CLOUD_SETTINGS } from './cloudSettings.ts'

const storedNumber = z.object({
  id: z.string(),
  token: z.string(),
  appSecret: z.string(),
  wabaId: z.string(),
  displayPhoneNumber: z.string(),
  webhookUrl: z.string().nullable(),
  /** Whether the account has subscribed the app: without that no status comes. */
  subscribed: z.boolean(),
  status: z.string(),
  quality: z.string(),
  canSend: z.string(),
  tokenRevoked: z.boolean(),
  settings: cloudBehaviour,
  templates: z.array(cloudTemplate),
})
type StoredNumber = z.infer<typeof storedNumber>

export type CloudMedium = { id: string; mimeType: string; sha256: string; size: number }

/** One number of the Cloud API, and what the process remembers about it while it runs. */
export type CloudNumber = Omit<StoredNumber, 'settings'> & {
  settings: CloudSettings
  script: Map<string, CloudVerdict[]>
  /** Uploaded files by id; their bytes are not kept. */
  media: Map<string, CloudMedium>
  /** Sends that the number may still take, and when that was so. */
  bucket: { tokens: number; atMs: number }
}

/** The registered numbers, kept in `cloud-numbers.json` of the sandbox's directory. */
export class CloudNumbers {
  readonly #file: string
  readonly #numbers = new Map<string, CloudNumber>()

  /** Reads what an earlier process left. Throws when the file is there and cannot be understood. */
  constructor(directory: string) {
    this.#file = join(directory, 'cloud-numbers.json')
    for (const stored of readNumbers(this.#file)) this.#numbers.set(stored.id, wake(stored))
  }

  list(): CloudNumber[] {
    return [...this.#numbers.values()]
  }

  find(id: string): CloudNumber | null {
    return this.#numbers.get(id) ?? null
  }

  /** A number of the account, whichever: the account's own data are the same in all of them. */
  findByAccount(wabaId: string): CloudNumber | null {
    return this.list().find((number) => number.wabaId === wabaId) ?? null
  }

  knowsToken(token: string): boolean {
    return this.list().some((number) => number.token === token && !number.tokenRevoked)
  }

  /** Adds the number or changes what is named. Null when a new one comes without token or secret. */
  register(wanted: CloudRegistration): { number: CloudNumber; isNew: boolean } | null {
    const known = this.find(wanted.phoneNumberId)
    const number = known ?? newNumber(wanted)
    if (number === null) return null
    const { token, appSecret, wabaId, displayPhoneNumber, templates, webhookUrl, behaviour } = wanted
    Object.assign(number, withoutUndefined({ token, appSecret, wabaId, displayPhoneNumber, templates, webhookUrl }))
    if (token !== undefined) number.tokenRevoked = false
    if (webhookUrl !== undefined) number.subscribed = webhookUrl !== null
    if (behaviour !== undefined) number.settings = changeCloudSettings(number.settings, behaviour)
    this.#numbers.set(number.id, number)
    this.save()
    return { number, isNew: known === null }
  }

  /** Writes the file. Called after every change, before the change is confirmed. */
  save(): void {
    writeAtomically(this.#file, `${JSON.stringify(this.list().map(toStored), null, 1)}\n`)
  }
}

function newNumber({ phoneNumberId, token, appSecret }: CloudRegistration): CloudNumber | null {
  if (token === undefined || appSecret === undefined) return null
  return wake({
    id: phoneNumberId,
    token,
    appSecret,
    wabaId: `102${phoneNumberId}`.slice(0, 25),
    displayPhoneNumber: '+55 11 3000-0000',
    webhookUrl: null,
    subscribed: false,
    status: 'CONNECTED',
    quality: 'GREEN',
    canSend: 'AVAILABLE',
    tokenRevoked: false,
    settings: {},
    templates: [],
  })
}

function wake(stored: StoredNumber): CloudNumber {
  const settings = changeCloudSettings(DEFAULT_CLOUD_SETTINGS, stored.settings)
  return { ...stored, settings, script: new Map(), media: new Map(), bucket: { tokens: 0, atMs: 0 } }
}

function toStored({ script: _, media: __, bucket: ___, ...stored }: CloudNumber): StoredNumber {
  return stored
}

function readNumbers(file: string): StoredNumber[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  try {
    return z.array(storedNumber).parse(JSON.parse(text))
  } catch (cause) {
    throw new Error(`${file} cannot be read as the sandbox's list of Cloud API numbers.`, { cause })
  }
}

export function withoutUndefined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>
}
