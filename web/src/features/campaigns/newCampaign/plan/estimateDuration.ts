type Pace = {
  people: number
  delayMin: number
  delayMax: number
  channelMinDelay: number
  /** Pauses before the second and further messages to the same person. */
  between?: readonly number[]
}

/**
 * Seconds until the last of `people` has everything, all delays in seconds: after each message the channel waits what is
 * drawn between the two, never less than its own minimum. While one person waits for the next message, others get
 * theirs: those pauses count once. 0 means "as fast as the gateway answers".
 */
export function estimateDuration({ people, delayMin, delayMax, channelMinDelay, between = [] }: Pace): number {
  const messages = people * (between.length + 1)
  const last = between.reduce((sum, seconds) => sum + seconds, 0)
  return Math.max(messages - 1, 0) * averageWait(delayMin, delayMax, channelMinDelay) + last
}

/** Mean of max(draw, floor) for an even draw between the two. */
function averageWait(min: number, max: number, floor: number): number {
  if (floor >= max) return floor
  if (floor <= min) return (min + max) / 2
  return ((floor - min) * floor + (max ** 2 - floor ** 2) / 2) / (max - min)
}
