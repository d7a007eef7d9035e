import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { ERRORS } from '#contract/errors.ts'
import type { Access, RoutePlugin } from '#server/lib/http.ts'
import { apiDocsPage } from './apiDocsPage.ts'

const SIGNED_IN: Record<string, string[]>[] = [{ session: [] }, { apiKey: [] }]

const ERROR_SCHEMA = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { type: 'string', enum: Object.keys(ERRORS) },
        message: { type: 'string' },
        details: {},
      },
      required: ['code', 'message'],
      additionalProperties: false,
    },
  },
  required: ['error'],
  additionalProperties: false,
}

/** Describes every route that is registered after it, from the same zod schemas that check the requests. */
export async function describeApi(
  app: FastifyInstance,
  settings: { version: string; cookieName: string },
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Revoada', version: settings.version, description: 'WhatsApp campaigns whose books balance.' },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: settings.cookieName },
          apiKey: { type: 'http', scheme: 'bearer' },
        },
      },
    },
    transform: (document) => {
      const { schema, url } = jsonSchemaTransform(withSchema(document))
      const { config } = document.route
      return { url, schema: schema.hide === true ? schema : { ...schema, ...commonParts(schema, config) } }
    },
    transformObject: jsonSchemaTransformObject,
  })
}

type TransformInput = Parameters<typeof jsonSchemaTransform>[0]

// A route without any schema would be left out of the document.
function withSchema(document: TransformInput): TransformInput {
  return { ...document, schema: document.schema ?? {} }
}

const IDEMPOTENCY_KEY = {
  type: 'string',
  maxLength: 255,
  description: 'The same key with the same request within 24 hours: the same answer, and nothing created again.',
}

const CHANNEL_TOKEN = {
  type: 'string',
  description: 'The gateway token of the channel to send on, instead of its id or besides it. It does not sign in.',
}

/** Read part by part as they come, so that no schema checks them as a whole. */
const UPLOADS = {
  file: uploadOf({
    defaultCountry: { type: 'string', pattern: '^[A-Z]{2}$', description: 'Before the file.' },
    preview: { type: 'string', enum: ['true', 'false'], description: 'The file waits to be committed.' },
  }),
  medium: uploadOf({}),
}

function uploadOf(fields: object) {
  const properties = { ...fields, file: { type: 'string', format: 'binary' } }
  return { type: 'object', properties, required: ['file'], additionalProperties: false }
}

type RouteConfig = {
  access?: Access
  creates?: true | 202
  sends?: true
  produces?: string
  receives?: 'file' | 'medium'
}

function commonParts(schema: { response?: unknown }, { access, creates, sends, produces, receives }: RouteConfig = {}) {
  const headers = {
    ...(creates !== undefined ? { 'Idempotency-Key': IDEMPOTENCY_KEY } : {}),
    ...(sends === true ? { token: CHANNEL_TOKEN } : {}),
  }
  const response = schema.response as Record<string, unknown> | undefined
  const failure = { description: 'Any refusal or failure.', ...ERROR_SCHEMA }
  return {
    response: { ...(produces === undefined ? (response ?? DONE) : streamOf(produces)), default: failure },
    ...(receives === undefined ? {} : { consumes: ['multipart/form-data'], body: UPLOADS[receives] }),
    ...(Object.keys(headers).length > 0 ? { headers: { type: 'object', properties: headers } } : {}),
    security: access === 'user' || access === 'admin' ? SIGNED_IN : [],
  }
}

const DONE = { 200: { description: 'Done.' } }

/** What is no JSON is sent as it comes, and described by its type alone. */
function streamOf(contentType: string): object {
  return { 200: { description: 'Done.', content: { [contentType]: { schema: { type: 'string' } } } } }
}

/** The document, and a plain page made of it. */
export function openApiRoutes({ apiDocs }: { apiDocs: boolean }): RoutePlugin {
  return async (app) => {
    app.get(
      '/api/openapi.json',
      {
        config: { access: 'public' },
        schema: { summary: 'This document', response: { 200: z.looseObject({ openapi: z.string() }) } },
      },
      async () => app.swagger() as { openapi: string },
    )
    if (!apiDocs) return
    app.get('/api/docs', { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) => {
      return reply.type('text/html; charset=utf-8').send(apiDocsPage(app.swagger()))
    })
  }
}
