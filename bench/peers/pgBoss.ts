import { PgBoss, type Job } from 'pg-boss'
import { answerParent } from '../lib/answerParent.ts'
import { createSender, makePeople, type PeerResult, type PeerRun, type Person } from './work.ts'

/*
 * pg-boss at its fastest: jobs fetched and completed a batch at a time, with the next batch on its way while one is
 * sent. (One job at a time, as `work` does it when nothing is said, is many times slower.)
 */

const QUEUE = 'send'
const LOOPS = 2

answerParent(async ({ gatewayUrl, count, inFlight, storeUrl }: PeerRun): Promise<PeerResult> => {
  const boss = new PgBoss({ connectionString: storeUrl, max: LOOPS * 2, schema: 'pgboss' })
  boss.on('error', () => undefined)
  await boss.start()
  await boss.createQueue(QUEUE)
  const jobs = makePeople(count).map((data) => ({ data }))
  for (let at = 0; at < jobs.length; at += 1000) await boss.insert(QUEUE, jobs.slice(at, at + 1000))
  const sender = createSender(gatewayUrl, inFlight)
  const loop = async () => {
    for (;;) {
      const batch: Job<Person>[] = await boss.fetch<Person>(QUEUE, { batchSize: inFlight })
      if (batch.length === 0) return
      await Promise.all(batch.map((job) => sender.send(job.data)))
      await boss.complete(
        QUEUE,
        batch.map(({ id }) => id),
      )
    }
  }
  try {
    await Promise.all(Array.from({ length: LOOPS }, loop))
    return { finishedAt: Date.now() }
  } finally {
    await boss.deleteQueue(QUEUE)
    await boss.stop({ graceful: false })
    await sender.close()
  }
})
