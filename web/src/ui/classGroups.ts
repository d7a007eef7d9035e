import type { Config } from 'tailwind-merge'

type Groups = Config<string, string>['classGroups']

const any = () => true
const isLength = (value: string) => /^(\d|\[\d|\[calc)/.test(value)

/** One group: everything that begins with the name. */
const all = (...names: string[]): Groups => Object.fromEntries(names.map((name) => [name, [{ [name]: [any] }]]))

const SIZES = ['xs', 'sm', 'base', 'lg', 'xl', '2xl', '3xl']
const STYLES = ['solid', 'dashed', 'dotted', 'none']

/** What sets the same thing, as tailwind-merge writes it. A test compares it with that package's own, longer list. */
export const CLASS_GROUPS: Groups = {
  display: ['block', 'inline-block', 'inline', 'flex', 'inline-flex', 'grid', 'contents', 'hidden', 'table'],
  position: ['static', 'fixed', 'absolute', 'relative', 'sticky'],
  sr: ['sr-only', 'not-sr-only'],
  ...all('p', 'px', 'py', 'pt', 'pr', 'pb', 'pl', 'm', 'mx', 'my', 'mt', 'mr', 'mb', 'ml', 'gap', 'gap-x', 'gap-y'),
  ...all(
    'w',
    'h',
    'min-w',
    'max-w',
    'min-h',
    'max-h',
    'inset',
    'inset-x',
    'inset-y',
    'top',
    'right',
    'bottom',
    'left',
    'z',
  ),
  ...all('bg', 'fill', 'opacity', 'items', 'self', 'justify-self', 'order', 'grid-cols', 'rounded', 'shadow', 'cursor'),
  ...all('translate', 'translate-x', 'translate-y', 'rounded-t', 'rounded-b', 'rounded-tl', 'rounded-tr'),
  ...all('overflow', 'overflow-x', 'overflow-y', 'whitespace', 'transition', 'duration', 'ease', 'animate', 'tracking'),
  ...all('outline-offset', 'select', 'col-span', 'row-span', 'col-start', 'aspect', 'line-clamp', 'list', 'align'),
  'border-collapse': [{ border: ['collapse', 'separate'] }],
  underline: ['underline', 'no-underline', 'line-through'],
  'font-family': [{ font: ['sans', 'mono'] }],
  'flex-direction': [{ flex: ['row', 'row-reverse', 'col', 'col-reverse'] }],
  'flex-wrap': [{ flex: ['wrap', 'nowrap'] }],
  flex: [{ flex: [any] }],
  shrink: [{ shrink: ['', any] }],
  grow: [{ grow: ['', any] }],
  'justify-content': [{ justify: ['normal', 'start', 'end', 'center', 'between', 'around', 'evenly', 'stretch'] }],
  'font-size': [{ text: SIZES }],
  'text-align': [{ text: ['left', 'center', 'right', 'start', 'end'] }],
  'text-wrap': [{ text: ['wrap', 'nowrap', 'balance', 'pretty'] }],
  'text-color': [{ text: [any] }],
  'font-weight': [{ font: ['normal', 'medium', 'semibold', 'bold'] }],
  leading: [{ leading: [any] }],
  'border-style': [{ border: STYLES }],
  'border-w': [{ border: ['', isLength] }],
  'border-w-t': [{ 'border-t': ['', isLength] }],
  'border-w-r': [{ 'border-r': ['', isLength] }],
  'border-w-b': [{ 'border-b': ['', isLength] }],
  'border-w-l': [{ 'border-l': ['', isLength] }],
  'border-color': [{ border: [any] }],
  'stroke-w': [{ stroke: [isLength] }],
  stroke: [{ stroke: [any] }],
}

/** A padding for all sides undoes those for some; the other way round both stay. */
export const CONFLICTS: Record<string, readonly string[]> = {
  p: ['px', 'py', 'pt', 'pr', 'pb', 'pl'],
  px: ['pr', 'pl'],
  py: ['pt', 'pb'],
  m: ['mx', 'my', 'mt', 'mr', 'mb', 'ml'],
  mx: ['mr', 'ml'],
  my: ['mt', 'mb'],
  gap: ['gap-x', 'gap-y'],
  inset: ['inset-x', 'inset-y', 'top', 'right', 'bottom', 'left'],
  'inset-x': ['right', 'left'],
  'inset-y': ['top', 'bottom'],
  rounded: ['rounded-t', 'rounded-b', 'rounded-tl', 'rounded-tr'],
  'rounded-t': ['rounded-tl', 'rounded-tr'],
  overflow: ['overflow-x', 'overflow-y'],
  translate: ['translate-x', 'translate-y'],
  flex: ['grow', 'shrink'],
  'border-w': ['border-w-t', 'border-w-r', 'border-w-b', 'border-w-l'],
  'font-size': ['leading'],
}
