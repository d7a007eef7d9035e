import type { Lab, Numbers } from '../lab/Lab.ts'
import { killEmbedded } from './killEmbedded.ts'
import { killWorker } from './killWorker.ts'

/** `kill -9` at random moments, on the embedded database and then on an external one. */
export async function killAnytime(lab: Lab): Promise<Numbers> {
  const named = (where: string, numbers: Numbers) =>
    Object.fromEntries(Object.entries(numbers).map(([name, value]) => [`${where}: ${name}`, value]))
  return { ...named('embedded', await killEmbedded(lab)), ...named('external', await killWorker(lab)) }
}
