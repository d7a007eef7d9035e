import { relative, sep } from 'node:path'
import { findUnknownPlace, findWrongImport } from './importLayers.ts'

// The few shapes of oxlint's plugin interface that are used here; the package exports no types for plugins' authors.
type Node = object
type Literal = Node & { value: string }
type Context = { cwd: string; filename: string; report(problem: { node: Node; message: string }): void }
type Importing = Node & {
  source: (Node & { type: string; value?: unknown }) | null
  importKind?: string
  exportKind?: string
}

/** Imports point one way. The layers are in `importLayers.ts`. */
const importDirections = {
  meta: { type: 'problem' as const },
  create(context: Context) {
    const from = relative(context.cwd, context.filename).split(sep).join('/')
    const check = (node: Importing) => {
      if (!isText(node.source)) return
      const typeOnly = node.importKind === 'type' || node.exportKind === 'type'
      const message = findWrongImport({ from, specifier: node.source.value, typeOnly })
      if (message !== null) context.report({ node: node.source, message })
    }
    return {
      Program(node: Node) {
        const message = findUnknownPlace(from)
        if (message !== null) context.report({ node, message })
      },
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
      TSImportType: (node: Importing) => check({ ...node, importKind: 'type' }),
    }
  },
}

function isText(source: Importing['source']): source is Literal & { type: 'Literal' } {
  return source?.type === 'Literal' && typeof source.value === 'string'
}

export default { meta: { name: 'revoada' }, rules: { 'import-directions': importDirections } }
