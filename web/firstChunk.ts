import type { Plugin } from 'vite'

const ENTRY = `${import.meta.dirname}/src/main.tsx`

type Graph = {
  getModuleInfo: (id: string) => { importedIds: readonly string[] } | null
}

/** Whether the first page needs this module at once: it is reached from the entry without a lazy import. */
function reachedFromEntry(graph: Graph): ReadonlySet<string> {
  const reached = new Set<string>()
  const waiting = [ENTRY]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (reached.has(id)) continue
    reached.add(id)
    waiting.push(...(graph.getModuleInfo(id)?.importedIds ?? []))
  }
  return reached
}

/**
 * Puts everything that the first page needs into one file. Left alone, what pages share is cut into thirty small ones,
 * which compress 8 kB worse and are asked for one after another.
 */
export function firstChunk(): Plugin {
  return {
    name: 'first-chunk',
    outputOptions(options) {
      let reached: ReadonlySet<string> | undefined
      return {
        ...options,
        codeSplitting: {
          groups: [
            {
              name: (id: string, context: unknown) => {
                reached ??= reachedFromEntry(context as Graph)
                return reached.has(id) ? 'first' : null
              },
            },
          ],
        },
      }
    },
  }
}
