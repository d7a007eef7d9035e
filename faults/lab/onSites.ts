import type { Lab } from './Lab.ts'
import type { Site } from './Site.ts'

/** Connections are shared by all sites of a lab; a few are enough for each. */
const SMALL = { DATABASE_POOL: '4' }

/**
 * Does the items of `work` on several external sites at once: each site, made ready by `prepare`, takes the next item
 * until none is left. Returns the results in the order of the items.
 */
export async function onSites<T, R>(
  lab: Lab,
  items: T[],
  options: {
    sites: number
    prepare: (site: Site) => Promise<void>
    work: (site: Site, item: T) => Promise<R>
    settings?: Record<string, string>
  },
): Promise<R[]> {
  const results = new Map<T, R>()
  const waiting = [...items]
  const run = async (site: Site) => {
    await options.prepare(site)
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      results.set(item, await options.work(site, item))
      lab.tell(`${results.size} of ${items.length}`)
    }
  }
  const sites: Site[] = []
  while (sites.length < Math.min(options.sites, items.length))
    sites.push(await lab.externalSite({ ...SMALL, ...options.settings }))
  // What one site breaks ends the others in order, before everything is torn down.
  const endings = await Promise.allSettled(
    sites.map((site) =>
      run(site).catch((error: unknown) => {
        waiting.length = 0
        throw error
      }),
    ),
  )
  for (const ending of endings) if (ending.status === 'rejected') throw ending.reason
  return items.flatMap((item) => results.get(item) ?? [])
}
