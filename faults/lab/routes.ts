import { visit } from './visit.ts'

export type DescribedRoute = { method: string; path: string; access: 'public' | 'user'; body: 'json' | 'form' | 'none' }

type Operation = { security?: object[]; requestBody?: { content: Record<string, unknown> } }

/** Every route that a server describes, without the webhooks; ids in paths are filled with one that nobody has. */
export async function readRoutes(api: string): Promise<DescribedRoute[]> {
  const { paths } = JSON.parse((await visit(`${api}/api/openapi.json`)).text) as {
    paths: Record<string, Record<string, Operation>>
  }
  return Object.entries(paths).flatMap(([pattern, methods]) => {
    if (pattern.startsWith('/api/hooks')) return []
    const path = pattern.replaceAll(/\{\w+\}/g, '018f4a3e-7b1c-4d2e-8f3a-5b6c7d8e9f01')
    return Object.entries(methods).map(([method, { security = [], requestBody }]) => {
      const types = Object.keys(requestBody?.content ?? {})
      const body = types.length === 0 ? 'none' : types.includes('multipart/form-data') ? 'form' : 'json'
      return { method: method.toUpperCase(), path, access: security.length === 0 ? 'public' : 'user', body } as const
    })
  })
}
