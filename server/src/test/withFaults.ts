import type { KyselyPlugin, RawNode, RootOperationNode } from 'kysely'
import type { Db } from '#server/db/Database.ts'

/** What the database is to do with a statement: nothing special, refuse it, or do it and lose the answer. */
export type Fault = 'none' | 'refuse' | 'loseAnswer'

/**
 * The same database as over a bad line: `decide` sees the text of every raw statement (those written with `sql`) and
 * says what becomes of it. A lost answer means that the statement was carried out and committed.
 */
export function withFaults(db: Db, decide: (text: string) => Fault): Db {
  const silenced = new WeakSet<object>()
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      const fault = isRaw(node) ? decide(node.sqlFragments.join('?')) : 'none'
      if (fault === 'refuse') throw new Error('Connection terminated unexpectedly')
      if (fault === 'loseAnswer') silenced.add(queryId)
      return node
    },
    transformResult: async ({ queryId, result }) => {
      if (silenced.has(queryId)) throw new Error('Connection terminated unexpectedly')
      return result
    },
  }
  return db.withPlugin(plugin)
}

function isRaw(node: RootOperationNode): node is RawNode {
  return node.kind === 'RawNode'
}
