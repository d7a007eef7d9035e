import { appendFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

/** The moments at which the fault lab can make this process fail; each is named where it is passed. */
export const FAILPOINTS = [
  'after_claim',
  'before_send',
  'after_request_written',
  'after_response',
  'before_settle',
  'after_settle_sql',
  'before_commit',
  'before_renew',
  'after_renew',
  'before_complete',
  'before_pause_ack',
  'during_import_batch',
  'during_render',
  'during_log',
  'during_error_log',
  'during_classify',
] as const
export type FailpointName = (typeof FAILPOINTS)[number]

const armedFailpoint = z.strictObject({
  at: z.enum(FAILPOINTS),
  /** `busy` keeps the event loop from turning, `delay` does not; `allocate` grows until the heap's limit ends the process. */
  do: z.enum(['throw', 'delay', 'busy', 'kill', 'stop', 'exit', 'allocate']),
  /** Of `delay` and `busy`. */
  ms: z.int().min(0).default(0),
  /** The first pass that acts. */
  nth: z.int().min(1).default(1),
  /** How many passes act; null is all of them. */
  times: z.int().min(1).nullable().default(1),
  /** Only passes whose subject (a phone, a path) contains this count. */
  only: z.string().default(''),
  /** A file that counts the acts, for all processes that name it: so one that was started again does not die for ever. */
  marker: z.string().nullable().default(null),
})
type ArmedFailpoint = z.infer<typeof armedFailpoint>
/** What the variable holds, before defaults. */
export type FailpointPlan = z.input<typeof armedFailpoint>

/** What a failpoint throws. */
export class FailpointError extends Error {
  override readonly name = 'FailpointError'
}

/** The armed failpoints of this process. */
export class Failpoints {
  readonly #armed: (ArmedFailpoint & { passes: number; acts: number })[]

  /** `plan`: JSON, a list of `FailpointPlan`. Throws when it is something else. */
  constructor(plan: string) {
    this.#armed = z
      .array(armedFailpoint)
      .parse(JSON.parse(plan))
      .map((point) => ({ ...point, passes: 0, acts: 0 }))
  }

  /** Acts if this pass is one that was asked for. Throws `FailpointError` where that is the act. */
  async pass(name: FailpointName, subject = ''): Promise<void> {
    for (const point of this.#due(name, subject)) {
      if (point.do === 'delay') await sleep(point.ms)
      else act(point)
    }
  }

  /** The same between two statements; a delay stops the whole process here. */
  passNow(name: FailpointName, subject = ''): void {
    for (const point of this.#due(name, subject)) act(point)
  }

  #due(name: FailpointName, subject: string): ArmedFailpoint[] {
    return this.#armed.filter((point) => {
      if (point.at !== name || !subject.includes(point.only)) return false
      point.passes += 1
      const acts = point.marker === null ? point.acts : sizeOf(point.marker)
      if (point.passes < point.nth || (point.times !== null && acts >= point.times)) return false
      point.acts += 1
      if (point.marker !== null) appendFileSync(point.marker, '.')
      return true
    })
  }
}

/**
 * Null outside the fault lab, so that a pass costs one comparison: `if (failpoints !== null) await failpoints.pass(…)`.
 * The variable `FAILPOINTS` counts only under `NODE_ENV=test`, which no installation of the product has.
 */
export const failpoints: Failpoints | null =
  process.env['NODE_ENV'] === 'test' && process.env['FAILPOINTS'] !== undefined
    ? new Failpoints(process.env['FAILPOINTS'])
    : null

function act(point: ArmedFailpoint): void {
  switch (point.do) {
    case 'throw':
      throw new FailpointError(`failpoint ${point.at}`)
    case 'kill':
      process.kill(process.pid, 'SIGKILL')
      return block(Infinity)
    case 'stop':
      process.kill(process.pid, 'SIGSTOP')
      return
    case 'exit':
      return process.exit(1)
    case 'delay':
      return block(point.ms)
    case 'busy':
      return spin(point.ms)
    case 'allocate':
      return allocate()
  }
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function spin(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

function allocate(): void {
  const kept: number[][] = []
  for (let size = 0; size < 2 ** 30; size += 2 ** 20) kept.push(Array.from({ length: 2 ** 17 }, (_, i) => i + 0.5))
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
