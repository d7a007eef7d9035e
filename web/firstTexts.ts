import { readFile } from 'node:fs/promises'
import type { Plugin } from 'vite'

/** What the first page says: the frame and the overview. Everything else comes with the page that says it. */
const FIRST = [
  'common',
  'nav',
  'account',
  'overview',
  'campaigns.preparing',
  'campaigns.status',
  'states',
  'books.empty',
  'monitor.leftUnknown',
  'channels.status',
]

type Tree = { [key: string]: string | Tree }

/** `pt.json?first`: the part of a catalogue that the first page needs, so that nobody waits for the texts of all. */
export function firstTexts(): Plugin {
  return {
    name: 'first-texts',
    enforce: 'pre',
    async load(id) {
      if (!id.endsWith('.json?first')) return null
      const file = id.slice(0, -'?first'.length)
      this.addWatchFile(file)
      const all = JSON.parse(await readFile(file, 'utf8')) as Tree
      const first: Tree = {}
      for (const path of FIRST) copyPath(all, first, path.split('.'))
      return { code: `export default ${JSON.stringify(first)}`, moduleType: 'js' }
    },
  }
}

function copyPath(from: Tree, to: Tree, [key = '', ...rest]: string[]): void {
  const value = from[key]
  if (value === undefined) throw new Error(`no catalogue has the section ${key}`)
  if (rest.length === 0 || typeof value === 'string') to[key] = value
  else copyPath(value, (to[key] ??= {}) as Tree, rest)
}
