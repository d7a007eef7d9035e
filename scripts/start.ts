import { buildWebIfMissing } from './buildWeb.ts'

await buildWebIfMissing()
await import('../server/src/main.ts')
