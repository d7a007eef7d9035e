/*
 * Of two classes that set the same thing the later one wins. The package tailwind-merge knows every class of Tailwind and
 * weighs 8 kB on every page; this knows those that the components use, and a test compares the two over all of them.
 */
const DISPLAY = /^(inline-)?(block|flex|grid|table)$|^(inline|hidden|contents)$/
const POSITION = /^(static|fixed|absolute|relative|sticky)$/
const LENGTH = /^(\d|\[\d|\[calc)/

/** What a class sets where its first word does not say it: the word, the values, the thing. */
const BY_VALUE: readonly (readonly [word: string, values: RegExp, thing: string])[] = [
  ['text', /^(\d?xs|sm|base|lg|\d?xl)$|^\[\d/, 'size'],
  ['text', /^(left|center|right|start|end)$/, 'align'],
  ['text', /^(wrap|nowrap|balance|pretty)$/, 'wrap'],
  ['font', /^(sans|mono)$/, 'family'],
  ['flex', /^(row|col)(-reverse)?$/, 'direction'],
  ['flex', /^(wrap|nowrap)$/, 'wrap'],
  ['border', /^(solid|dashed|dotted|none)$/, 'style'],
  ['border', /^(collapse|separate)$/, 'collapse'],
  ['border', LENGTH, 'width'],
  ['stroke', LENGTH, 'width'],
  ['outline', LENGTH, 'width'],
  ['line', /^through$/, 'underline'],
  ['list', /^(inside|outside)$/, 'marker'],
]
/** Things whose names are two words. */
const TWO_WORDS =
  /^(min-[wh]|max-[wh]|gap-[xy]|inset-[xy]|translate-[xy]|overflow-[xy]|rounded-(?:[tb]|[tb][lr])|border-[trbl]|grid-cols|justify-self|col-span|col-start|row-span|line-clamp|outline-offset|divide-[xy]|underline-offset|pointer-events)(?:-|$)/

/** The wider thing undoes the narrower ones; the other way round both stay. */
const WIDER: Readonly<Record<string, RegExp>> = {
  p: /^p[xytrbl]$/,
  px: /^p[rl]$/,
  py: /^p[tb]$/,
  m: /^m[xytrbl]$/,
  mx: /^m[rl]$/,
  my: /^m[tb]$/,
  gap: /^gap-[xy]$/,
  inset: /^(inset-[xy]|top|right|bottom|left)$/,
  'inset-x': /^(right|left)$/,
  'inset-y': /^(top|bottom)$/,
  overflow: /^overflow-[xy]$/,
  translate: /^translate-[xy]$/,
  rounded: /^rounded-[tb][lr]?$/,
  'rounded-t': /^rounded-t[lr]$/,
  'rounded-b': /^rounded-b[lr]$/,
  'border width': /^border-[trbl]$/,
  flex: /^(grow|shrink)$/,
  'text size': /^leading$/,
}

const known = new Map<string, string>()

/** Drops every class that a later one of the same kind, under the same modifiers, overrules. */
export function mergeClasses(text: string): string {
  const before = known.get(text)
  if (before !== undefined) return before
  const merged = merge(text)
  // Classes are written, not computed: there are some hundred texts, and this only guards against a mistake.
  if (known.size > 2000) known.clear()
  known.set(text, merged)
  return merged
}

function merge(text: string): string {
  const kept: string[] = []
  const set: string[] = []
  for (const name of text.split(/\s+/).reverse()) {
    const { under, thing } = readClass(name)
    const isOverruled = set.some((later) => overrules(later, under + thing, under))
    if (name === '' || (thing !== null && isOverruled)) continue
    kept.push(name)
    if (thing !== null) set.push(under + thing)
  }
  return kept.reverse().join(' ')
}

function overrules(later: string, thing: string, under: string): boolean {
  if (later === thing) return true
  return later.startsWith(under) && WIDER[later.slice(under.length)]?.test(thing.slice(under.length)) === true
}

/** The modifiers (`md:hover:`) and what is set under them; null for a class of its own. */
function readClass(name: string): { under: string; thing: string | null } {
  const cut = name.replace(/\[[^\]]*\]/g, (inner) => '_'.repeat(inner.length)).lastIndexOf(':') + 1
  return { under: name.slice(0, cut), thing: thingOf(name.slice(cut).replace(/^-/, '')) }
}

function thingOf(name: string): string | null {
  if (DISPLAY.test(name)) return 'display'
  if (POSITION.test(name)) return 'position'
  if (/^(not-)?sr-only$/.test(name)) return 'sr'
  if (/^(no-)?underline$/.test(name)) return 'underline'
  if (name === 'truncate') return 'truncate'
  const two = TWO_WORDS.exec(name)
  if (two?.[1] !== undefined) return two[1]
  const word = name.split('-', 1)[0] ?? name
  const value = name.slice(word.length + 1)
  if (name === 'border') return 'border width'
  const special = BY_VALUE.find(([of, values]) => of === word && values.test(value))
  if (special !== undefined) return `${word} ${special[2]}`
  return value === '' && word !== 'shrink' && word !== 'grow' && word !== 'transition' ? null : word
}
