import type { FastifyInstance } from 'fastify'
import { AppError } from '#server/lib/AppError.ts'

/** Our deepest body has 6 levels. Parsing survives 100,000; walking and printing such a value does not. */
export const MAX_JSON_DEPTH = 32

/** The only body the API reads, unless a route's own plugin declares another: JSON of limited depth, no `__proto__`. */
export function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (isTooDeep(String(text), MAX_JSON_DEPTH)) {
      const details = [{ field: '', message: `is nested deeper than ${MAX_JSON_DEPTH} levels` }]
      done(new AppError('MALFORMED_REQUEST', { details }))
      return
    }
    void parse(request, String(text), done)
  })
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Whether brackets nest deeper than `limit`, looked at before parsing. */
export function isTooDeep(json: string, limit: number): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < json.length; i++) {
    const char = json.charCodeAt(i)
    if (inString) {
      if (char === BACKSLASH) i++
      else if (char === QUOTE) inString = false
    } else if (char === QUOTE) inString = true
    // `[` and `{`, then `]` and `}`.
    else if (char === 0x5b || char === 0x7b) {
      if (++depth > limit) return true
    } else if (char === 0x5d || char === 0x7d) depth--
  }
  return false
}
