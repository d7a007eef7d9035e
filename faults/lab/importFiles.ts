import { parse } from 'csv-parse/sync'
import type { ContactImport, ImportFailureReason } from '#contract/imports.ts'
import { createUser } from './channels.ts'
import { check } from './check.ts'
import { untilImportEnds } from './importPeople.ts'
import type { Lab } from './Lab.ts'
import type { ServerProcess } from './ServerProcess.ts'
import type { Site } from './Site.ts'

/** As `npm start` runs the product. */
const AS_STARTED = { NODE_OPTIONS: '--max-semi-space-size=8' }
const UPLOAD_LIMIT_MS = 120_000

/** A site on its own database with one user, whose files are imported. */
export async function importSite(lab: Lab): Promise<{ site: Site; server: ServerProcess }> {
  const site = lab.embeddedSite()
  const server = await site.start('all', AS_STARTED)
  await createUser(site)
  return { site, server }
}

/** Sends a file and returns the answer whatever it is. Large ones may take longer than other requests of the lab. */
export function uploadFile(site: Site, file: Blob | Buffer | string, country = 'BR'): Promise<Response> {
  const form = new FormData()
  form.set('defaultCountry', country)
  form.set('file', new Blob([Buffer.isBuffer(file) ? new Uint8Array(file) : file]), 'lista')
  return fetch(`${site.api.address}/api/user/imports`, {
    method: 'POST',
    headers: { ...site.api.headers(), origin: site.api.address },
    body: form,
    signal: AbortSignal.timeout(UPLOAD_LIMIT_MS),
  })
}

/** Imports a file; returns how it ended. */
export async function importFile(
  lab: Lab,
  site: Site,
  file: Blob | Buffer | string,
  country = 'BR',
): Promise<ContactImport> {
  const answer = await uploadFile(site, file, country)
  check(answer.status === 202, `An upload was answered ${answer.status}.`)
  const { id } = (await answer.json()) as ContactImport
  return untilImportEnds(site, id, lab.limit(120_000))
}

export type ImportedPerson = { line: number; phone: string; name: string; variables: Record<string, string> }

/** Who an import brought, in the order of the file. */
export function peopleOf(site: Site, { id }: ContactImport): Promise<ImportedPerson[]> {
  return site.query<ImportedPerson>(
    `select m.line, c.phone, c.name, c.variables from import_contacts m
    join contacts c on c.user_id = m.user_id and c.id = m.contact_id where m.import_id = $1 order by m.line`,
    [id],
  )
}

/** A download of an import, as it comes. */
export async function downloadText(site: Site, id: string, which: 'rejected' | 'warnings'): Promise<string> {
  const answer = await site.api.send('GET', `/api/user/imports/${id}/${which}.csv`)
  check(answer.status === 200, `The ${which} rows were answered ${answer.status}.`)
  return Buffer.from(await answer.arrayBuffer()).toString()
}

/** The same as cells, the headings first. */
export async function downloadRows(site: Site, id: string, which: 'rejected' | 'warnings'): Promise<string[][]> {
  return parse(await downloadText(site, id, which), { delimiter: ';', bom: true })
}

/** What a whole file is refused for; null for one that is read. */
export type Refusal = { reason: ImportFailureReason; line: number | null } | null

/** Throws unless the import ended as expected. */
export function checkEnd(name: string, row: ContactImport, expected: Refusal): void {
  const end = row.status === 'completed' ? null : row.failure
  check(
    end?.reason === expected?.reason && end?.line === expected?.line,
    `${name}: ${JSON.stringify(end)}, not ${JSON.stringify(expected)}.`,
  )
}
