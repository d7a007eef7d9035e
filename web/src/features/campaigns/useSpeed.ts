import { useState } from 'react'
import type { CampaignProgress } from '#contract/campaigns.ts'
import { acceptedOf } from '#contract/states.ts'

/** What the books said at one moment. */
type Sample = { at: number; accepted: number }

/** How far back the line reaches, and how many points it has. */
const SPAN_MS = 5 * 60_000
const POINTS = 60
const STEP_MS = SPAN_MS / POINTS
/** A rate over less than this jumps with every message. */
const RATE_OVER_MS = 15_000

export type Speed = {
  /** Messages per minute now; null until there is enough to tell. */ now: number | null
  line: number[]
}

/** The speed of the last five minutes, from what this page has seen of the books. */
export function useSpeed(progress: CampaignProgress): Speed {
  const [samples, setSamples] = useState<readonly Sample[]>([])
  const next = withSample(samples, { at: Date.parse(progress.at), accepted: acceptedOf(progress.stats) })
  if (next !== samples) setSamples(next)
  return speedOf(next)
}

/** Keeps one sample for each step of the line, and none older than it reaches. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1)
  if (last !== undefined && sample.at <= last.at) return samples
  const previous = samples.at(-2)
  // The newest point moves along until a whole step has passed since the one before it.
  const kept = previous !== undefined && sample.at - previous.at <= STEP_MS ? samples.slice(0, -1) : samples
  return [...kept.filter(({ at }) => sample.at - at <= SPAN_MS), sample]
}

export function speedOf(samples: readonly Sample[]): Speed {
  const last = samples.at(-1)
  if (last === undefined) return { now: null, line: [] }
  const line = samples.slice(1).map((sample, index) => ratePerMinute(samples[index], sample))
  const before = samples.findLast(({ at }) => last.at - at >= RATE_OVER_MS) ?? samples[0]
  return { now: samples.length < 2 ? null : ratePerMinute(before, last), line }
}

function ratePerMinute(from: Sample | undefined, to: Sample): number {
  if (from === undefined || to.at <= from.at) return 0
  return Math.max(0, ((to.accepted - from.accepted) * 60_000) / (to.at - from.at))
}
