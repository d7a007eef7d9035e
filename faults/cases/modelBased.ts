import fc from 'fast-check'
import { ExpectationFailed } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { commands } from '../model/commands.ts'
import { ModelRig, ModelRun } from '../model/ModelRun.ts'

/** Runs mostly wait for back-offs, so several go on beside each other, each on an installation of its own. */
const RIGS = 12

/**
 * Random sequences of what people, gateway and power cuts do; after every step the product is compared with a model,
 * and at the end of each run the books with the gateway's ledger. A failure names the seed and the path that repeat it.
 */
export async function modelBased(lab: Lab): Promise<Numbers> {
  const rigs = lab.rounds(RIGS, 2)
  const runs = lab.rounds(1000, 12)
  const totals = { runs: 0, steps: 0, campaigns: 0, people: 0 }
  const seeds = Array.from({ length: rigs }, () => Math.floor(lab.random.between(0, 2 ** 31 - 1)))
  const ends = await Promise.allSettled(seeds.map((seed) => runOnOneRig(lab, seed, Math.ceil(runs / rigs), totals)))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return totals
}

type Totals = { runs: number; steps: number; campaigns: number; people: number }

async function runOnOneRig(lab: Lab, seed: number, numRuns: number, totals: Totals): Promise<void> {
  const rig = await ModelRig.start(await lab.externalSite(), await lab.postgres())
  try {
    const property = fc.asyncProperty(commands, async (sequence) => {
      const run = new ModelRun(rig)
      await fc.asyncModelRun(() => ({ model: { campaigns: 0, connected: true }, real: run }), sequence)
      await run.end()
      totals.runs += 1
      totals.steps += [...sequence].length
      totals.campaigns += run.campaigns.length
      totals.people += run.campaigns.reduce((sum, { observed }) => sum + observed.phones.length, 0)
      lab.tell(`${totals.runs} runs, ${totals.steps} steps`)
    })
    // What came out of a race does not come out of it again by leaving steps away.
    const result = await fc.check(property, { seed, numRuns, endOnFailure: true })
    if (result.failed)
      throw new ExpectationFailed(`${fc.defaultReportMessage(result)}\n${String(result.errorInstance)}`)
  } finally {
    await rig.end()
  }
}
