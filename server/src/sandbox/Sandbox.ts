import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { Log } from '#server/lib/logger.ts'
import { adminRoutes } from './adminRoutes.ts'
import { cloudControlRoutes } from './cloud/cloudControlRoutes.ts'
import { CloudNumbers } from './cloud/CloudNumbers.ts'
import { CloudReports } from './cloud/CloudReports.ts'
import { cloudRoutes } from './cloud/cloudRoutes.ts'
import { controlRoutes } from './controlRoutes.ts'
import { Ledger } from './Ledger.ts'
import { numberRoutes } from './numberRoutes.ts'
import { Receipts } from './Receipts.ts'
import { createRouter } from './router.ts'
import { SandboxDirectory } from './sandboxDirectory.ts'
import { sendRoutes } from './sendRoutes.ts'
import { sessionRoutes } from './sessionRoutes.ts'
import { UserRegistry } from './users.ts'
import { WebhookPoster } from './WebhookPoster.ts'
import { webhookRoutes } from './webhookRoutes.ts'

export type RunningSandbox = {
  url: string
  adminToken: string
  /** Ends what is under way, at most 2 s of it, and gives the directory back. Twice is fine. */
  close(): Promise<void>
}

/** Open requests get so long when the sandbox stops; then their connections are cut. */
const DRAIN_MS = 2_000

/**
 * The pretend WuzAPI gateway on 127.0.0.1, and beside it the pretend Cloud API (`/v…`), with one ledger for both. `port` null: the one used last in the directory, else a free one.
 * Throws `DirectoryTaken` when another process has the directory, and what `listen` throws when `port` is in use.
 */
export async function startSandbox(options: {
  directory: string
  port: number | null
  log: Log
}): Promise<RunningSandbox> {
  const { log } = options
  const directory = new SandboxDirectory(options.directory)
  try {
    const { adminToken, instance } = directory
    const ledger = await Ledger.open(directory.path)
    const users = new UserRegistry(directory.path)
    const poster = new WebhookPoster(log)
    const receipts = new Receipts(poster)
    const shared = { users, ledger, poster, receipts, instance }
    const routes = [sendRoutes(shared), numberRoutes(), sessionRoutes(shared), webhookRoutes(users), adminRoutes(users)]
    const cloud = { numbers: new CloudNumbers(directory.path), ledger, reports: new CloudReports(poster) }
    const allRoutes = [...routes, controlRoutes(shared), cloudControlRoutes(cloud), cloudRoutes(cloud)]
    const server = createHttpServer(createRouter(allRoutes, { users, adminToken, log }))
    const port = await listen(server, options.port, directory.lastPort)
    directory.announce(port)
    const close = onlyOnce(async () => {
      receipts.close()
      cloud.reports.close()
      await Promise.all([poster.close(), drain(server)])
      ledger.close()
      directory.release(port)
    })
    return { url: `http://127.0.0.1:${port}`, adminToken, close }
  } catch (error) {
    directory.release(directory.lastPort)
    throw error
  }
}

/** Time limits of the real server: 20 s for the header, 60 s for the whole request, 180 s between two. */
function createHttpServer(listener: Parameters<typeof createServer>[1]): Server {
  const limits = { headersTimeout: 20_000, requestTimeout: 60_000, keepAliveTimeout: 180_000 }
  return createServer({ ...limits, noDelay: true }, listener)
}

/** The port it listens on. A remembered port that somebody else has taken meanwhile gives way to a free one. */
async function listen(server: Server, wanted: number | null, last: number): Promise<number> {
  try {
    server.listen(wanted ?? last, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    if (wanted !== null || last === 0 || !isAddressInUse(error)) throw error
    return listen(server, 0, 0)
  }
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The sandbox got no port.')
  return address.port
}

export function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

async function drain(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  const closed = once(server, 'close')
  server.close()
  await closed
  clearTimeout(cut)
}

function onlyOnce(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null
  return () => (done ??= act())
}
