import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import { answerParent } from '../lib/answerParent.ts'
import { createSender, makePeople, type PeerResult, type PeerRun, type Person } from './work.ts'

/*
 * graphile-worker as its pages on performance advise: a local queue that fetches in batches, and completions that are
 * written together.
 */

const TASK = 'send'
const SILENT = new Logger(() => () => undefined)

answerParent(async ({ gatewayUrl, count, inFlight, storeUrl }: PeerRun): Promise<PeerResult> => {
  const utils = await makeWorkerUtils({ connectionString: storeUrl, logger: SILENT })
  await utils.migrate()
  const people = makePeople(count)
  for (let at = 0; at < people.length; at += 1000)
    await utils.addJobs(people.slice(at, at + 1000).map((payload) => ({ identifier: TASK, payload })))
  const sender = createSender(gatewayUrl, inFlight)
  const done = Promise.withResolvers<void>()
  let left = count
  const worker = {
    connectionString: storeUrl,
    concurrentJobs: inFlight,
    maxPoolSize: 10,
    localQueue: { size: inFlight * 8 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    logger: SILENT,
  }
  const task = async (payload: unknown): Promise<void> => {
    await sender.send(payload as Person)
    if (--left === 0) done.resolve()
  }
  const runner = await run({ preset: { worker }, taskList: { [TASK]: task }, noHandleSignals: true })
  try {
    await done.promise
    await runner.stop() // writes what is finished and not written yet
    return { finishedAt: Date.now() }
  } finally {
    await utils.release()
    await sender.close()
  }
})
