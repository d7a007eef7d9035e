import type { Site } from './Site.ts'

/** Uploads a CSV file with `rows` people of its own (by `series`), and returns the answer whatever it is. */
export function uploadContacts(site: Site, rows: number, series: number): Promise<Response> {
  const lines = Array.from({ length: rows }, (_, i) => `+5521${900_000_000 + series * 100_000 + i},Contato ${i}`)
  return uploadText(site, `telefone,nome\n${lines.join('\n')}\n`)
}

export function uploadText(site: Site, text: string): Promise<Response> {
  const form = new FormData()
  form.set('defaultCountry', 'BR')
  form.set('file', new Blob([text], { type: 'text/csv' }), 'contatos.csv')
  return site.api.send('POST', '/api/user/imports', form)
}
