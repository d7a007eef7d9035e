import { posix } from 'node:path'

/** Each may import only those before it; what is not listed here is refused until somebody says where it stands. */
const SERVER_LAYERS = [
  'lib',
  'db',
  'secrets',
  'audit',
  'auth',
  'phone',
  'suppressions',
  'media',
  'channels',
  'templates',
  'contacts',
  'recipients',
  'campaigns',
  'messages',
  'dispatch',
  'receipts',
  'reports',
  'people',
  'settingParsers.ts',
  'config.ts',
  'dailySweeps.ts',
  'loadSecretKey.ts',
  'http',
  'beginDatabase.ts',
  'openStore.ts',
  'rotateKey.ts',
  'armDatabase.ts',
  'compose.ts',
  'runProduct.ts',
  'main.ts',
]
/** The same for the web app; features are one layer, and blind to each other. */
const WEB_LAYERS = ['text', 'ui', 'lib', 'features', 'app', 'main.tsx']

/** `folder` is what stands in a layer: a domain, a single file at the top, or `features/<name>`. */
type Place = { root: 'contract' | 'server' | 'web' | 'elsewhere'; folder: string; isTest: boolean; path: string }

export type Import = {
  /** The importing file, from the project's root, with forward slashes. */
  from: string
  /** As written: `./x.ts`, `#server/…`, or a package, which is always fine here. */
  specifier: string
  typeOnly: boolean
}

/** Why this import points the wrong way, in one sentence; null when it may be. */
export function findWrongImport({ from, specifier, typeOnly }: Import): string | null {
  const target = resolveSpecifier(from, specifier)
  if (target === null) return null
  const source = placeOf(from)
  const aim = placeOf(target)
  if (source.root === 'elsewhere') return null
  if (aim.isTest && !source.isTest) return 'Only tests import what is made for tests.'
  if (isOneFolder(source, aim)) return null
  if (source.root === 'contract') return 'The contract is what server and web agree on: it imports nothing of ours.'
  if (aim.root === 'contract') return null
  if (aim.root === 'elsewhere') return 'Product code does not import scripts, tests or tools.'
  if (source.root !== aim.root) return 'Server and web share the contract only.'
  // Nobody imports a test, so it cannot bend a direction: it takes whatever it needs to put its subject to work.
  if (source.isTest) return null
  return source.root === 'web' ? findWrongWebImport(source, aim) : findWrongServerImport(source, aim, typeOnly)
}

/** Why a file stands where no rule knows it, in one sentence; null when its place is known. */
export function findUnknownPlace(file: string): string | null {
  const { root, folder, isTest } = placeOf(file)
  if (isTest || root === 'contract' || root === 'elsewhere') return null
  const isKnown =
    root === 'web' ? WEB_LAYERS.includes(layerOf(folder)) : folder === 'sandbox' || SERVER_LAYERS.includes(folder)
  return isKnown
    ? null
    : `"${folder}" is in no layer: say in lint/importLayers.ts what it may import and who may import it.`
}

function findWrongServerImport(source: Place, aim: Place, typeOnly: boolean): string | null {
  if (source.folder === 'sandbox' || aim.folder === 'sandbox') {
    return source.folder === 'sandbox' && aim.folder === 'lib'
      ? null
      : 'The sandbox is a program of its own: it imports contract and lib, and nobody imports it.'
  }
  // The one exception: Database gathers the row types of all domains, and types leave nothing behind at run time.
  if (source.path === 'server/src/db/Database.ts' && typeOnly) return null
  return isBefore(SERVER_LAYERS, aim.folder, source.folder) ? null : sayOrder(source.folder, aim.folder, SERVER_LAYERS)
}

function findWrongWebImport(source: Place, aim: Place): string | null {
  const [sourceLayer, aimLayer] = [layerOf(source.folder), layerOf(aim.folder)]
  if (sourceLayer === 'features' && aimLayer === 'features') {
    return 'Features do not import each other; app puts them together.'
  }
  return isBefore(WEB_LAYERS, aimLayer, sourceLayer) ? null : sayOrder(sourceLayer, aimLayer, WEB_LAYERS)
}

function sayOrder(from: string, to: string, layers: readonly string[]): string {
  return `${from} may import only what stands before it, and ${to} does not: ${layers.join(' ← ')}.`
}

function isBefore(layers: readonly string[], first: string, second: string): boolean {
  return layers.indexOf(first) !== -1 && layers.indexOf(first) < layers.indexOf(second)
}

function isOneFolder(a: Place, b: Place): boolean {
  return a.root === b.root && a.folder === b.folder
}

function layerOf(folder: string): string {
  return folder.split('/', 1)[0] ?? ''
}

function placeOf(path: string): Place {
  const [root = '', inner = '', first = '', second = ''] = path.split('/')
  const isSource = inner === 'src'
  // test/ is shared by all; testApp.ts, dispatchTestBench.ts are helpers that stay beside what they start.
  const isTest = /\.test\.tsx?$|(\/test|Test)[A-Z][^/]*$/.test(path) || (isSource ? first : inner) === 'test'
  if (root === 'contract') return { root, folder: '', isTest, path }
  if (root === 'server' && isSource) return { root, folder: first, isTest, path }
  if (root === 'web' && (isSource || isTest)) {
    return { root, folder: first === 'features' ? `features/${second}` : isSource ? first : inner, isTest, path }
  }
  return { root: 'elsewhere', folder: root, isTest, path }
}

/** From the project's root, or null for a package. */
function resolveSpecifier(from: string, specifier: string): string | null {
  if (specifier.startsWith('#server/')) return `server/src/${posix.normalize(specifier.slice(8))}`
  if (specifier.startsWith('#contract/')) return `contract/src/${posix.normalize(specifier.slice(10))}`
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : null
}
