import type { ContactImport } from '#contract/imports.ts'
import { check, until } from './check.ts'
import type { Lab } from './Lab.ts'
import type { ObservedCampaign } from './ObservedCampaign.ts'
import type { Site } from './Site.ts'

/** Everybody of an import of `size` people, E.164, in the order of the file. */
export function phonesOf(size: number): string[] {
  return Array.from({ length: size }, (_, i) => `+55119${60_000_000 + i}`)
}

/** Uploads a CSV of these people; returns the id of the import, which goes on in the background. */
export async function uploadPeople(site: Site, phones: string[]): Promise<string> {
  const csv = `nome,telefone\n${phones.map((phone, i) => `Pessoa ${i} Ção,${phone}`).join('\n')}\n`
  const form = new FormData()
  form.set('file', new Blob([csv], { type: 'text/csv' }), 'people.csv')
  const response = await site.api.send('POST', '/api/user/imports', form)
  check(response.ok, `The upload was answered with ${response.status}.`)
  const { id } = (await response.json()) as ContactImport
  return id
}

/** Returns how the import ended. */
export function untilImportEnds(site: Site, id: string, limitMs: number): Promise<ContactImport> {
  const look = async () => {
    const now = await site.api.get<ContactImport>(`/api/user/imports/${id}`)
    return now.finishedAt === null ? null : now
  }
  return until('the end of the import', look, { limitMs, everyMs: 100 })
}

/** Imports so many people; returns the id of the import. */
export async function importFor(lab: Lab, site: Site, size: number): Promise<string> {
  const importId = await uploadPeople(site, phonesOf(size))
  const { accepted } = await untilImportEnds(site, importId, lab.limit(30_000))
  check(accepted === size, `${accepted} of ${size} people were imported.`)
  return importId
}

/** A campaign to more people than can be typed: they come from a file. Started like `Site.createCampaign` does. */
export async function campaignFromFile(lab: Lab, site: Site, size: number): Promise<ObservedCampaign> {
  return site.createCampaign(size, { recipients: { importIds: [await importFor(lab, site, size)] } })
}
