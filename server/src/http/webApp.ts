import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '#server/lib/AppError.ts'
import { isApi } from './securityHeaders.ts'
import { sendError } from './sendError.ts'

const NOT_BUILT = 'The web app is not built yet. Run: npm run build\nThe API answers under /api.\n'

/**
 * Answers whatever has no route: JSON 404 under /api, files of the built web app, and its index.html for the paths of
 * its pages. The list of files is read once, so nothing else in the folder can be asked for.
 */
export async function serveWebApp(app: FastifyInstance, directory: string): Promise<void> {
  const files = await listFiles(directory)
  await app.register(fastifyStatic, { root: directory, serve: false })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split(/[?#]/, 1)[0] ?? '/'
    const isPage = request.method === 'GET' || request.method === 'HEAD'
    if (!isPage || isApi(path)) return sendError(new AppError('NOT_FOUND'), request, reply)
    return sendFileOrPage(files, path, request, reply)
  })
}

function sendFileOrPage(
  files: ReadonlySet<string>,
  path: string,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const file = path.slice(1)
  if (files.has(file) && file !== 'index.html') {
    // The build puts a hash of the content into the names under assets/.
    const named = file.startsWith('assets/')
    return reply.code(200).sendFile(file, named ? { maxAge: '365d', immutable: true } : { maxAge: '1h' })
  }
  if (/\.[a-z0-9]+$/i.test(path) && path !== '/index.html') return sendError(new AppError('NOT_FOUND'), request, reply)
  if (files.has('index.html')) return reply.code(200).sendFile('index.html', { maxAge: 0 })
  return reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT)
}

async function listFiles(directory: string): Promise<Set<string>> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile())
    return new Set(files.map((file) => relative(directory, join(file.parentPath, file.name)).split(sep).join('/')))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Set()
    throw error
  }
}
