import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchCase } from '../lib/BenchCase.ts'
import { writeContactsCsv } from '../lib/contactsCsv.ts'
import type { Lab } from '../lib/Lab.ts'
import { medianOf, percentile, worstOf } from '../lib/measurement.ts'
import { peakRssMb, postgresProcesses, pssMb } from '../lib/processes.ts'
import { Product, type FinishedImport } from '../lib/Product.ts'
import { ProductServer } from '../lib/ProductServer.ts'
import { StubGateway } from '../lib/StubGateway.ts'

const ROWS = 1_000_000
/** Each round takes a minute and a fresh database. */
const MOST_ROUNDS = 3
const SAMPLE_MS = 100
/** As often as a handful of people with open pages; more would be what is measured. */
const ASK_EVERY_MS = 25

/** `othersMs`: what 99 of 100 requests of somebody else took at most, from the upload to the end of the import. */
type Round = FinishedImport & { nodePeakMb: number; databasePeakMb: number; othersMs: number }

export const importRows: BenchCase = {
  name: 'import',
  about:
    'A CSV of 1,000,000 rows through HTTP: normalised, deduplicated, in the database; the process runs everything.',
  limitMinutes: 20,
  async run(lab) {
    const csv = lab.file('million.csv')
    const dialable = await writeContactsCsv(csv, ROWS)
    const rounds: Round[] = []
    for (let round = 0; round < Math.min(lab.rounds, MOST_ROUNDS); round++) {
      const result = await importOnce(lab, csv)
      if (result.accepted !== dialable) throw new Error(`${result.accepted} of ${dialable} numbers were accepted.`)
      rounds.push(result)
      lab.say(`round ${round + 1}: ${describe(result)}`)
    }
    return [
      medianOf(
        'import',
        'rows/s',
        rounds.map((round) => ROWS / round.importSeconds),
        { atLeast: 50_000 },
      ),
      medianOf(
        'import, the upload included',
        'rows/s',
        rounds.map((round) => ROWS / (round.importSeconds + round.uploadSeconds)),
      ),
      worstOf(
        'import, peak memory of the Node process (RSS)',
        'MB',
        rounds.map((round) => round.nodePeakMb),
        { atMost: 300 },
      ),
      worstOf(
        'import, other requests meanwhile (p99)',
        'ms',
        rounds.map((round) => round.othersMs),
        { atMost: 300 },
      ),
      worstOf(
        'import, peak memory of its database (PSS)',
        'MB',
        rounds.map((round) => round.databasePeakMb),
      ),
    ]
  },
}

function describe({ nodePeakMb, importSeconds, uploadSeconds, othersMs }: Round): string {
  const times = `upload ${uploadSeconds.toFixed(1)} s, import ${importSeconds.toFixed(1)} s, others ${othersMs.toFixed(0)} ms`
  return `${times}, Node peak ${nodePeakMb.toFixed(0)} MB`
}

/** A fresh server each time: a peak belongs to one import, and a second one would find every contact there. */
async function importOnce(lab: Lab, csv: string): Promise<Round> {
  const gateway = await StubGateway.start(lab)
  const server = await ProductServer.start(lab, {
    directory: await lab.newDirectory('import'),
    gatewayUrl: gateway.url,
  })
  const product = await Product.setUp(server.url)
  const sampling = { over: false }
  const database = sampleDatabase(server.postmasterPid, sampling)
  const others = askMeanwhile(product, sampling)
  try {
    const result = await product.importFile(csv)
    // The kernel keeps the peak of a process; that of several together has to be sampled.
    const nodePeakMb = peakRssMb(server.pid)
    sampling.over = true
    return { ...result, nodePeakMb, databasePeakMb: await database, othersMs: percentile(await others, 99) }
  } finally {
    sampling.over = true
    await Promise.allSettled([database, others])
    await server.stop()
  }
}

async function sampleDatabase(postmaster: number, sampling: { over: boolean }): Promise<number> {
  let peak = 0
  while (!sampling.over) {
    try {
      peak = Math.max(peak, pssMb(postgresProcesses(postmaster)))
    } catch {
      // A process ended between being listed and being asked.
    }
    await sleep(SAMPLE_MS * 5)
  }
  return peak
}

/** How long each of somebody else's requests took. */
async function askMeanwhile(product: Product, sampling: { over: boolean }): Promise<number[]> {
  const times: number[] = []
  while (!sampling.over) {
    const askedAt = performance.now()
    await product.me()
    times.push(performance.now() - askedAt)
    await sleep(ASK_EVERY_MS)
  }
  return times
}
