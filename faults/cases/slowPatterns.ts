import type { Lab, Numbers } from '../lab/Lab.ts'
import { check, most } from '../lab/check.ts'
import { importFile, importSite } from '../lab/importFiles.ts'
import { checkQuick } from '../lab/cpuTime.ts'
import { MAX_TEXT_LENGTH } from '#contract/campaignMessages.ts'
import { normalizePhoneInput, suggestCorrection } from '#server/phone/PhoneValidationService.ts'
import { compileTemplate } from '#server/templates/renderTemplate.ts'

const LENGTH = 65_536
/** For a file of such fields, upload and database included. */
const FILE_LIMIT_MS = 10_000

const FIELDS: [what: string, field: string][] = [
  ['an opening and spaces', `{{${' '.repeat(LENGTH)}`],
  ['openings', '{{'.repeat(LENGTH / 2)],
  ['digits', '9'.repeat(LENGTH)],
  ['digits and spaces', '9 '.repeat(LENGTH / 2)],
  ['brackets', '(11) '.repeat(LENGTH / 5)],
  ['slashes', '9/'.repeat(LENGTH / 2)],
  ['pluses', '+'.repeat(LENGTH)],
  ['exponents', '5,5E+12 '.repeat(LENGTH / 8)],
  ['a link without an end', `https://api.whatsapp.com/send?${'a=b&'.repeat(LENGTH / 4)}`],
  ['a JID without an end', `${'5511987654321.'.repeat(LENGTH / 14)}@s.whatsapp.net`],
  ['spaces and a digit', `${' '.repeat(LENGTH)}9`],
  ['numbers', '11987654321 / '.repeat(LENGTH / 14)],
  ['letters and digits', 'a9'.repeat(LENGTH / 2)],
]

/** What makes a careless pattern go back and forth, as a field, a header, a text and a search: all are answered at once. */
export async function slowPatterns(lab: Lab): Promise<Numbers> {
  const slowest = most(FIELDS.map(([what, field]) => timeOf(lab, what, field)))
  const { site } = await importSite(lab)
  const startedAt = performance.now()
  const rows = FIELDS.map(([, field]) => `"${field}";"${field}"`)
  await importFile(lab, site, `nome;telefone\n${rows.join('\n')}\nAna;11987650000\n`)
  await importFile(
    lab,
    site,
    `${FIELDS.map(([, field]) => `"${field.slice(0, 60_000)}"`).join(';')};telefone\n`.repeat(2),
  )
  const importMs = Math.round(performance.now() - startedAt)
  check(importMs <= lab.limit(FILE_LIMIT_MS), `Two files of such fields took ${importMs} ms.`)
  for (const [what, field] of FIELDS) {
    const { status } = await site.api.send(
      'GET',
      `/api/user/contacts?search=${encodeURIComponent(field.slice(0, 4000))}`,
    )
    check([200, 400, 414, 431].includes(status), `A search for ${what} was answered ${status}.`)
  }
  return { 'fields of 64 KiB': FIELDS.length, 'slowest of them, ms': slowest, 'two files of them, ms': importMs }
}

function timeOf(lab: Lab, what: string, field: string): number {
  const template = field.slice(0, MAX_TEXT_LENGTH)
  return most([
    checkQuick(lab, `A field of ${what}`, () => normalizePhoneInput(field, 'BR')),
    checkQuick(lab, `A field abroad of ${what}`, () => normalizePhoneInput(field, 'US')),
    checkQuick(lab, `A suggestion for ${what}`, () => suggestCorrection(field, 'BR')),
    checkQuick(lab, `A text of ${what}`, () => parsed(template)),
  ])
}

function parsed(text: string): unknown {
  try {
    return compileTemplate(text)
  } catch (error) {
    return error
  }
}
