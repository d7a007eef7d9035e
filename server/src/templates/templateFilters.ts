import type { FilterImplOptions, Liquid } from 'liquidjs'
import { RENDERED_AT, TIME_ZONE, type TemplateScope } from './recipientScope.ts'

/**
 * What a text may do with a value. Of all that Liquid brings only what is quick and gives the same result every time:
 * `sample` draws lots, the `…_exp` filters run an expression per element where no limit of ours interrupts them.
 */
const ALLOWED = new Set(
  `default upcase downcase capitalize strip lstrip rstrip strip_newlines normalize_whitespace append prepend
  replace replace_first replace_last remove remove_first remove_last truncate truncatewords slice size split join
  first last reverse sort sort_natural uniq compact concat map where url_encode
  plus minus times divided_by modulo round floor ceil abs at_least at_most date`.split(/\s+/),
)

/** A date as files and forms write it, without a zone. */
const ZONELESS = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?$/

/** Takes away every other filter, and makes dates independent of the clock and of where the process runs. */
export function restrictFilters(engine: Liquid): void {
  for (const name of Object.keys(engine.filters)) {
    if (!ALLOWED.has(name)) delete engine.filters[name]
  }
  const { date, url_encode: urlEncode } = engine.filters
  if (typeof date === 'function') engine.registerFilter('date', withFixedClock(date))
  if (typeof urlEncode === 'function') engine.registerFilter('url_encode', withCountedGrowth(urlEncode))
}

type Filter = Extract<FilterImplOptions, (...args: never[]) => unknown>

/**
 * `"now"` is the instant the recipient was first rendered at, so that a resend says the same. A date without a zone is
 * shown as it stands: read in the zone of one machine and shown in that of another it would be off by a day.
 */
function withFixedClock(date: Filter): Filter {
  return function (value: unknown, format: unknown, zone: unknown): unknown {
    const { [RENDERED_AT]: renderedAt, [TIME_ZONE]: timeZone } = this.context.environments as TemplateScope
    if (value === 'now' || value === 'today') {
      return renderedAt === undefined ? '' : date.call(this, renderedAt, format, zone ?? timeZone)
    }
    const match = typeof value === 'string' ? ZONELESS.exec(value.trim()) : null
    if (match === null) return date.call(this, value, format, zone ?? timeZone)
    return date.call(this, `${match[1]}T${match[2] ?? '00:00'}Z`, format, zone ?? 0)
  }
}

/** Liquid does not count what encoding adds: a hundred of them in a row grew 30 KB to 7 MB in 1.7 s. */
function withCountedGrowth(encode: Filter): Filter {
  return function (value: unknown): unknown {
    const text: unknown = encode.call(this, value)
    if (typeof text === 'string') this.context.memoryLimit.use(text.length)
    return text
  }
}
