type Pace = { people: number; delayMin: number; delayMax: number; channelMinDelay: number }

/**
 * Seconds until the last of `people` is written to, all delays in seconds: after each message the channel waits what is
 * drawn between the two, never less than its own minimum. 0 means "as fast as the gateway answers".
 */
export function estimateDuration({ people, delayMin, delayMax, channelMinDelay }: Pace): number {
  return Math.max(people - 1, 0) * averageWait(delayMin, delayMax, channelMinDelay)
}

/** Mean of max(draw, floor) for an even draw between the two. */
function averageWait(min: number, max: number, floor: number): number {
  if (floor >= max) return floor
  if (floor <= min) return (min + max) / 2
  return ((floor - min) * floor + (max ** 2 - floor ** 2) / 2) / (max - min)
}
