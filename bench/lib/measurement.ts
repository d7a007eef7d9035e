/** What the specification asks for. A measurement without one is printed for its own sake. */
export type Target = { atMost: number } | { atLeast: number }

export type Measurement = {
  name: string
  value: number
  /** As printed behind the number: `s`, `MB`, `rows/s`, `×` (a ratio) … */
  unit: string
  target: Target | null
  /** The single results that `value` was made from, in the order of the rounds. */
  samples: number[]
  /** How `value` was made from them. */
  of: 'median' | 'worst' | 'p50' | 'p99'
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 50)
}

/** The smallest sample that `percent` of all samples do not exceed (nearest rank); of an even number the median is the mean of two. */
export function percentile(samples: readonly number[], percent: number): number {
  if (samples.length === 0) throw new Error('Nothing was measured.')
  const sorted = samples.toSorted((a, b) => a - b)
  const upper = sorted.length / 2
  if (percent === 50 && Number.isInteger(upper)) return ((sorted[upper - 1] ?? NaN) + (sorted[upper] ?? NaN)) / 2
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN
}

export function medianOf(name: string, unit: string, samples: number[], target: Target | null = null): Measurement {
  return { name, unit, target, samples, value: median(samples), of: 'median' }
}

/** For limits that must hold every time, such as memory. */
export function worstOf(name: string, unit: string, samples: number[], target: Target | null = null): Measurement {
  return { name, unit, target, samples, value: percentile(samples, 100), of: 'worst' }
}

/** Null where there is no target. */
export function isReached({ value, target }: Measurement): boolean | null {
  if (target === null) return null
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast
}
