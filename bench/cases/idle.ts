import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchCase } from '../lib/BenchCase.ts'
import { worstOf } from '../lib/measurement.ts'
import { postgresProcesses, pssMb, rssMb } from '../lib/processes.ts'
import { ProductServer } from '../lib/ProductServer.ts'
import { StubGateway } from '../lib/StubGateway.ts'

const IDLE_MS = 30_000
/** Each round takes half a minute and memory hardly differs between them. */
const MOST_ROUNDS = 3

export const idle: BenchCase = {
  name: 'idle',
  about:
    'Memory 30 s after the start: the Node process, and all processes of its database with shared pages counted once.',
  limitMinutes: 5,
  async run(lab) {
    const gateway = await StubGateway.start(lab)
    const directory = await lab.newDirectory('idle')
    const node: number[] = []
    const database: number[] = []
    for (let round = 0; round < Math.min(lab.rounds, MOST_ROUNDS); round++) {
      const server = await ProductServer.start(lab, { directory, gatewayUrl: gateway.url })
      await sleep(IDLE_MS)
      node.push(rssMb(server.pid))
      database.push(pssMb(postgresProcesses(server.postmasterPid)))
      await server.stop()
      lab.say(`round ${round + 1}: Node ${node.at(-1)?.toFixed(0)} MB, database ${database.at(-1)?.toFixed(0)} MB`)
    }
    return [
      worstOf('idle memory of the Node process (RSS)', 'MB', node, { atMost: 190 }),
      worstOf('idle memory of its database (PSS)', 'MB', database, { atMost: 60 }),
    ]
  },
}
