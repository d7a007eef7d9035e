type Operation = { summary?: string; security?: unknown[] }
type Document = { info: { title: string; version: string }; paths?: Record<string, Record<string, Operation>> }

/** A list of every route as plain HTML: no script, no style, nothing from elsewhere. */
export function apiDocsPage(document: object): string {
  const { info, paths = {} } = document as Document
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => toRow(method, path, operation)),
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(info.title)} API</title></head>
<body><main><h1>${escapeHtml(info.title)} API ${escapeHtml(info.version)}</h1>
<p>Sign in with the session cookie, or send <code>Authorization: Bearer</code> with an API key.
Schemas: <a href="/api/openapi.json">openapi.json</a>.</p>
<table><thead><tr><th scope="col">Method</th><th scope="col">Path</th><th scope="col">What</th><th scope="col">Sign-in</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></main></body></html>
`
}

function toRow(method: string, path: string, { summary = '', security = [] }: Operation): string {
  const cells = [method.toUpperCase(), path, summary, security.length > 0 ? 'yes' : 'no']
  return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
