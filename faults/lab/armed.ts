import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FailpointPlan } from '#server/lib/failpoints.ts'
import { until } from './check.ts'
import type { Site } from './Site.ts'

let markers = 0

/** A failpoint that acts as often as it says for all servers that are started with it, together. */
export type ArmedPoint = {
  /** Settings to start a server with. */
  settings: Record<string, string>
  hasActed: () => boolean
  /** Waits for the first act and returns when it was seen (ms since 1970). */
  untilActed: (limitMs: number) => Promise<number>
}

/** Arms one failpoint; a process that is started again with the same settings does not fail again. */
export function arm(site: Site, plan: FailpointPlan): ArmedPoint {
  const marker = join(site.directory, `failpoint-${++markers}`)
  const hasActed = () => existsSync(marker)
  return {
    settings: { NODE_ENV: 'test', FAILPOINTS: JSON.stringify([{ ...plan, marker }]) },
    hasActed,
    untilActed: (limitMs) =>
      until(`the failpoint ${plan.at}`, () => (hasActed() ? Date.now() : null), { limitMs, everyMs: 5 }),
  }
}
