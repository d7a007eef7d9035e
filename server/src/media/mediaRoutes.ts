import { Readable } from 'node:stream'
import multipart from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { idParams, pageOf, pageQuery } from '#contract/common.ts'
import { medium, type Medium } from '#contract/media.ts'
import { AppError } from '#server/lib/AppError.ts'
import { actorOf, requireUser, type RoutePlugin } from '#server/lib/http.ts'
import type { MediaService } from './MediaService.ts'

export type MediaRoutesDeps = {
  media: MediaService
  /** Largest file in bytes, whatever its kind. */
  maxMediaBytes: number
}

const PATH = '/api/user/media'
const USER = { access: 'user' } as const
const PAGE = 50

/** Files that messages carry. */
export function mediaRoutes({ media, maxMediaBytes }: MediaRoutesDeps): RoutePlugin {
  return async (app) => {
    await app.register(multipart, {
      limits: { fileSize: maxMediaBytes, files: 1, fields: 4, parts: 5, headerPairs: 50 },
    })

    app.post(
      PATH,
      {
        config: { ...USER, receives: 'medium', limited: 'media' },
        schema: {
          summary:
            'Upload a picture, video, sound or document (multipart/form-data: file); the same bytes are kept once',
          response: { 201: medium },
        },
      },
      async (request, reply) => {
        const stored = await receive(media, request)
        reply.code(201)
        return stored
      },
    )
    app.get(
      PATH,
      {
        config: USER,
        schema: { summary: 'List media, newest first', querystring: pageQuery, response: { 200: pageOf(medium) } },
      },
      async (request) => {
        const { limit = PAGE, cursor = null } = request.query
        return media.list(requireUser(request).id, limit, cursor)
      },
    )
    app.get(
      `${PATH}/:id`,
      { config: USER, schema: { summary: 'One medium', params: idParams, response: { 200: medium } } },
      async (request) => media.get(requireUser(request).id, request.params.id),
    )
    app.get(
      `${PATH}/:id/file`,
      {
        config: { ...USER, produces: 'application/octet-stream' },
        schema: { summary: 'The bytes of a medium, to download', params: idParams },
      },
      async (request, reply) => {
        const userId = requireUser(request).id
        const found = await media.get(userId, request.params.id)
        return reply
          .header('content-type', found.mimeType)
          .header('content-length', found.bytes)
          .header('content-disposition', dispositionOf(found.fileName))
          .send(Readable.from(media.read(userId, found.id), { objectMode: false }))
      },
    )
    app.delete(
      `${PATH}/:id`,
      {
        config: USER,
        schema: {
          summary: 'Delete a medium; not while a message that may still go out, or a saved template, names it',
          params: idParams,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        await media.remove(actorOf(request), request.params.id)
        return reply.code(204).send(null)
      },
    )
  }
}

async function receive(media: MediaService, request: FastifyRequest): Promise<Medium> {
  try {
    let stored: Medium | null = null
    for await (const part of request.parts()) {
      if (part.type === 'field' || part.fieldname !== 'file') throw invalidField(part.fieldname, 'is not known here')
      stored = await media.add(actorOf(request), part, () => request.isStillSignedIn())
    }
    if (stored === null) throw invalidField('file', 'is missing')
    return stored
  } catch (error) {
    // Nobody reads the rest any more; unread it would block the next request on this connection.
    request.raw.unpipe().resume()
    throw error
  }
}

function invalidField(field: string, message: string): AppError {
  return new AppError('VALIDATION_FAILED', { details: [{ field: field.slice(0, 100), message }] })
}

/** Never shown in the browser, under our address, whatever is in it. RFC 6266: the name in plain letters, then as it is. */
function dispositionOf(fileName: string): string {
  const plain = fileName.normalize('NFD').replace(/[^\w .()-]/g, '_')
  const encoded = encodeURIComponent(fileName).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
