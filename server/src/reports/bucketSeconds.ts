import { MAX_REPORT_POINTS } from '#contract/reports.ts'

/** Lengths that people count in; none shorter than two rounds of the CountSampler. */
const LENGTHS = [
  5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000,
]

/**
 * How long a bucket is, so that at most `MAX_REPORT_POINTS` of them, which begin at whole multiples of their length since
 * 1970, hold everything from `from` to `to`.
 */
export function bucketSeconds(from: Date, to: Date): number {
  const count = (seconds: number) => bucketOf(to, seconds) - bucketOf(from, seconds) + 1
  return LENGTHS.find((seconds) => count(seconds) <= MAX_REPORT_POINTS) ?? 31_536_000
}

/** The number of the bucket that an instant is in. */
export function bucketOf(at: Date, seconds: number): number {
  return Math.floor(at.getTime() / 1000 / seconds)
}
