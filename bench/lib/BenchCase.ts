import type { Lab } from './Lab.ts'
import type { Measurement } from './measurement.ts'

export type BenchCase = {
  name: string
  /** One sentence: what is measured, from where to where. */
  about: string
  /** After this the case is given up, so that the bench always ends. */
  limitMinutes: number
  run(lab: Lab): Promise<Measurement[]>
}
