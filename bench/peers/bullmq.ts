import { Queue, Worker } from 'bullmq'
import { answerParent } from '../lib/answerParent.ts'
import { createSender, makePeople, type PeerResult, type PeerRun, type Person } from './work.ts'

/*
 * BullMQ as its documentation shows it: one job a message, as many at once as the gateway takes, finished jobs kept
 * with what they returned. Redis appends to its file and flushes it every second, its own advice for durability.
 */

answerParent(async ({ gatewayUrl, count, inFlight, storeUrl }: PeerRun): Promise<PeerResult> => {
  const connection = { url: storeUrl, maxRetriesPerRequest: null }
  const name = `bench-${Date.now()}`
  const queue = new Queue<Person, string>(name, { connection })
  for (const people of chunks(makePeople(count), 1000))
    await queue.addBulk(people.map((data) => ({ name: 'send', data })))
  const sender = createSender(gatewayUrl, inFlight)
  const done = Promise.withResolvers<number>()
  let left = count
  const worker = new Worker<Person, string>(name, (job) => sender.send(job.data), { connection, concurrency: inFlight })
  worker.on('completed', () => --left === 0 && done.resolve(Date.now()))
  worker.on('failed', (_, error) => done.reject(error))
  try {
    return { finishedAt: await done.promise }
  } finally {
    await worker.close()
    await queue.obliterate({ force: true })
    await queue.close()
    await sender.close()
  }
})

function* chunks<T>(items: T[], size: number): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}
