import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'

/** A year: what browsers' preload lists ask for, and checklists. */
export const HSTS_SECONDS = 31_536_000

/** Whether people reach the product through TLS. */
export function isTls(publicUrl: string | null): boolean {
  return publicUrl?.startsWith('https://') ?? false
}

/** On every answer, errors included. Nothing inline and nothing from elsewhere: the web app is built that way. */
export async function addSecurityHeaders(app: FastifyInstance, publicUrl: string | null): Promise<void> {
  // Without TLS both would lock people out: the browser would ask for https, where nobody listens.
  const tls = isTls(publicUrl)
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        mediaSrc: ["'self'", 'blob:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        ...(tls ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    strictTransportSecurity: tls ? { maxAge: HSTS_SECONDS, includeSubDomains: false } : false,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginEmbedderPolicy: false,
  })
  app.addHook('onSend', async (request, reply) => {
    if (isApi(request.url) && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  })
}

/** Whether a URL or path belongs to the API and not to the web app. */
export function isApi(url: string): boolean {
  return /^\/api(?:[/?#]|$)/.test(url)
}
