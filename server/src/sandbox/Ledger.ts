import { closeSync, createReadStream, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint } from './draw.ts'

export type LedgerEntry = {
  user: string
  /** Digits of the recipient, as far as the request named one. */
  number: string
  messageId: string
  /** SHA-256 of the request's bytes, in hex. */
  bodySha256: string
  type: string
  /** The id that the Cloud API gave the message. There the same `messageId` twice is two messages, each with its own. */
  wamid?: string
}

/** `read`: a request came in. `accepted`: its message reached the recipient. `refused`: it was answered without. */
export type LedgerKind = 'read' | 'accepted' | 'refused'

/** A line of the file; `t` is when it was written. */
export type LedgerLine = LedgerEntry & {
  t: string
  kind: LedgerKind
  verdict: string
  duplicate?: true
  bodyChanged?: true
}

export type LedgerSummary = {
  read: number
  accepted: number
  distinctAccepted: number
  /** Accepted again under an id that was accepted before; the recipient sees one. */
  duplicates: number
  /** Duplicates whose body differs from the first: somebody used an id for two messages. */
  changedBodies: number
  /** Distinct numbers that something was accepted for. */
  recipients: number
}

type Totals = {
  read: number
  duplicates: number
  changedBodies: number
  /** Fingerprint of the first body by message id. */
  accepted: Map<string, number>
  numbers: Set<string>
  /** Ids that have had their one transient failure. */
  failedOnce: Set<string>
}

type Accepted = { entry: LedgerEntry; duplicate: boolean; done: (error: Error | null, duplicate: boolean) => void }

/** Verdicts of refusals that happen once per message id begin so; they are found again after a restart. */
export const ONCE = 'once: '

/**
 * The append-only record of what the sandbox read and accepted, `ledger.jsonl`.
 * An accepted message is in the file, handed to the operating system, before anybody hears that it was accepted:
 * `kill -9` of the sandbox loses none. Lines of one turn of the event loop are written together; the write is
 * synchronous, because into the page cache it is quicker than the way to a worker thread and back.
 */
export class Ledger {
  readonly #file: string
  readonly #fd: number
  readonly #users = new Map<string, Totals>()
  #size: number
  #lines: string[] = []
  #accepted: Accepted[] = []
  #flush: NodeJS.Immediate | null = null
  #closed = false

  private constructor(file: string, fd: number, size: number) {
    this.#file = file
    this.#fd = fd
    this.#size = size
  }

  /** Opens the ledger of a directory and reads what is in it. */
  static async open(directory: string): Promise<Ledger> {
    const file = join(directory, 'ledger.jsonl')
    const fd = openSync(file, 'a+', 0o600)
    const ledger = new Ledger(file, fd, dropTornLine(fd))
    await ledger.#recall()
    return ledger
  }

  recordRead(entry: LedgerEntry): void {
    this.#totals(entry.user).read++
    this.#append(formatLine('read', entry, ''))
  }

  recordRefusal(entry: LedgerEntry, verdict: string): void {
    if (verdict.startsWith(ONCE)) this.#totals(entry.user).failedOnce.add(entry.messageId)
    this.#append(formatLine('refused', entry, verdict))
  }

  /** Calls `done` once the line is in the file, with an error when it could not be written: then nothing was accepted. */
  recordAcceptance(entry: LedgerEntry, verdict: string, done: Accepted['done']): void {
    const totals = this.#totals(entry.user)
    const first = totals.accepted.get(entry.messageId)
    const body = fingerprint(entry.bodySha256)
    if (first === undefined) totals.accepted.set(entry.messageId, body)
    const duplicate = first !== undefined
    this.#accepted.push({ entry, duplicate, done })
    this.#append(formatLine('accepted', entry, verdict, duplicate ? { changed: first !== body } : null))
  }

  hasAccepted(user: string, messageId: string): boolean {
    return this.#totals(user).accepted.has(messageId)
  }

  /** True when this id was accepted already or has had its one transient failure. */
  hasHadItsFailure(user: string, messageId: string): boolean {
    const totals = this.#totals(user)
    return totals.failedOnce.has(messageId) || totals.accepted.has(messageId)
  }

  summarize(user: string): LedgerSummary {
    const { read, accepted, duplicates, changedBodies, numbers } = this.#totals(user)
    const distinctAccepted = accepted.size
    const all = distinctAccepted + duplicates
    return { read, accepted: all, distinctAccepted, duplicates, changedBodies, recipients: numbers.size }
  }

  /** The lines of a user in the order of the file, up to what is in it now. */
  async *readLines(filter: { user: string | null; kind: LedgerKind | null }): AsyncIterable<string> {
    this.#writeOut()
    if (this.#size === 0) return
    const input = createReadStream(this.#file, { end: this.#size - 1, highWaterMark: 1 << 18 })
    // Quotes inside values are escaped, so these texts can only be the fields themselves.
    const user = filter.user === null ? '' : `"user":${JSON.stringify(filter.user)}`
    const kind = filter.kind === null ? '' : `"kind":"${filter.kind}"`
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of input as AsyncIterable<Buffer>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.includes(user) && line.includes(kind)) yield line
    }
  }

  close(): void {
    if (this.#flush !== null) clearImmediate(this.#flush)
    this.#writeOut()
    this.#closed = true
    closeSync(this.#fd)
  }

  /** After `close` nothing is written and nobody is told anything: the process is about to end. */
  #append(line: string): void {
    if (this.#closed) return
    this.#lines.push(line)
    this.#flush ??= setImmediate(() => this.#writeOut())
  }

  #writeOut(): void {
    this.#flush = null
    if (this.#lines.length === 0) return
    const bytes = Buffer.from(this.#lines.join(''), 'utf8')
    const accepted = this.#accepted
    this.#lines = []
    this.#accepted = []
    try {
      this.#write(bytes)
    } catch (cause) {
      for (const { entry, duplicate } of accepted)
        if (!duplicate) this.#totals(entry.user).accepted.delete(entry.messageId)
      const error = new Error('The ledger cannot be written.', { cause })
      for (const { done } of accepted) done(error, false)
      return
    }
    for (const { entry, duplicate, done } of accepted) {
      this.#count(entry, duplicate)
      done(null, duplicate)
    }
  }

  #write(bytes: Buffer): void {
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at)
      this.#size += bytes.length
    } catch (error) {
      // A full disk can take half a group; the half would say "accepted" of messages that get an error.
      ftruncateSync(this.#fd, this.#size)
      throw error
    }
  }

  #count(entry: LedgerEntry, duplicate: boolean): void {
    const totals = this.#totals(entry.user)
    if (duplicate) totals.duplicates++
    if (duplicate && totals.accepted.get(entry.messageId) !== fingerprint(entry.bodySha256)) totals.changedBodies++
    totals.numbers.add(entry.number)
  }

  async #recall(): Promise<void> {
    for await (const line of this.readLines({ user: null, kind: null })) {
      const reader = findReader(line)
      const entry = reader === null ? parseLine(line) : null
      if (reader !== null) this.#totals(reader).read++
      else if (entry?.kind === 'accepted') this.#recallAcceptance(entry)
      else if (entry?.verdict.startsWith(ONCE) === true) this.#totals(entry.user).failedOnce.add(entry.messageId)
    }
  }

  #recallAcceptance(entry: LedgerEntry): void {
    const { accepted } = this.#totals(entry.user)
    const duplicate = accepted.has(entry.messageId)
    if (!duplicate) accepted.set(entry.messageId, fingerprint(entry.bodySha256))
    this.#count(entry, duplicate)
  }

  #totals(user: string): Totals {
    let totals = this.#users.get(user)
    if (totals === undefined) {
      const counts = { read: 0, accepted: new Map<string, number>(), duplicates: 0, changedBodies: 0 }
      totals = { ...counts, numbers: new Set(), failedOnce: new Set() }
      this.#users.set(user, totals)
    }
    return totals
  }
}

/** By hand, because `JSON.stringify` of the object is a third of the work of a send. */
function formatLine(
  kind: LedgerKind,
  { user, number, messageId, bodySha256, type, wamid }: LedgerEntry,
  verdict: string,
  duplicate: { changed: boolean } | null = null,
): string {
  const who = `"user":"${user}","number":${JSON.stringify(number)},"messageId":${JSON.stringify(messageId)}`
  const what = `"bodySha256":"${bodySha256}","type":"${type}","verdict":${JSON.stringify(verdict)}`
  const theirs = wamid === undefined ? '' : `,"wamid":${JSON.stringify(wamid)}`
  const again = duplicate === null ? '' : `,"duplicate":true${duplicate.changed ? ',"bodyChanged":true' : ''}`
  return `{"t":"${isoNow()}","kind":"${kind}",${who},${what}${theirs}${again}}\n`
}

/** Where `formatLine` puts the kind: after `{"t":"`, 24 characters of time, and `",`. */
const KIND_AT = 32
const READ_OF = '"kind":"read","user":"'

/** The user of a `read` line, null for other lines. Not parsed: half of a million lines are such, and only counted. */
function findReader(line: string): string | null {
  if (!line.startsWith(READ_OF, KIND_AT)) return null
  const start = KIND_AT + READ_OF.length
  return line.slice(start, line.indexOf('"', start))
}

function parseLine(line: string): LedgerLine | null {
  try {
    return JSON.parse(line) as LedgerLine
  } catch {
    return null
  }
}

/** Cuts what a crash left after the last newline and returns the size. Such a line was never answered for. */
function dropTornLine(fd: number): number {
  const { size } = fstatSync(fd)
  const block = Buffer.alloc(Math.min(size, 1 << 20))
  readSync(fd, block, 0, block.length, size - block.length)
  const keep = size - block.length + block.lastIndexOf(10) + 1
  if (keep < size) ftruncateSync(fd, keep)
  return keep
}

let lastMs = 0
let lastIso = ''

/** Now in ISO 8601; thousands of lines share a millisecond's text. */
function isoNow(): string {
  const now = Date.now()
  if (now !== lastMs) {
    lastMs = now
    lastIso = new Date(now).toISOString()
  }
  return lastIso
}
