import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { RejectReason, WarningReason } from '#contract/imports.ts'
import { importBench } from '#server/contacts/importTestBench.ts'
import { makeSampleRows, type SampleRow } from './makeSampleContacts.ts'

const bench = importBench()

/** As they stand in the downloads; told here once more, so that a change of them is a decision. */
const REASONS: Partial<Record<RejectReason, string>> = {
  EMPTY: 'O campo de telefone está vazio.',
  EXCEL_EXPONENT:
    'O Excel transformou o telefone em notação científica (como 5,51E+12) e os dígitos se perderam. Formate a coluna como texto e exporte de novo.',
  TOO_SHORT: 'Faltam dígitos no telefone.',
  TOO_LONG: 'O telefone tem dígitos demais.',
  NOT_A_NUMBER: 'O campo não contém um número de telefone legível: há letras ou sinais no lugar de dígitos.',
  UNKNOWN_COUNTRY: 'O código de país não existe.',
  MISSING_AREA_CODE: 'Falta o DDD.',
  INVALID_AREA_CODE: 'O DDD não existe.',
  BROKEN_ROW: 'A linha não tem o mesmo formato do cabeçalho: há colunas a mais ou aspas sem par.',
}
const WARNINGS: Partial<Record<WarningReason, string>> = {
  SEVERAL_NUMBERS: 'Há vários números no campo; foi usado o primeiro que pode ser discado.',
  SHORTHAND_NUMBER: 'Há um segundo número abreviado no campo; foi usado só o número completo.',
  TEXT_IGNORED: 'Há texto junto do telefone; o texto foi ignorado.',
}
const HEADER = ['nome', 'telefone', 'cidade', 'empresa', 'produto']

/**
 * The generator of the sample knows what it meant by each line before it spells it: what the import has to say of all
 * five thousand follows from that alone.
 */
it('the sample list comes out as its generator meant it, byte for byte', async () => {
  await bench.newUser()
  bench.startRunner()
  const row = await bench.imported(readFileSync(new URL('../examples/contatos.csv', import.meta.url)))
  const sample = makeSampleRows()
  expect(await bench.dump(row.id)).toBe(acceptedOf(sample))
  expect(await bench.text(`/${row.id}/rejected.csv`)).toBe(rejectedOf(sample))
  expect(await bench.text(`/${row.id}/warnings.csv`)).toBe(warningsOf(sample))
  expect(row.rows).toBe(5000)
})

/** Somebody is who stands first under a number. */
function acceptedOf(sample: SampleRow[]): string {
  const seen = new Set<string>()
  let text = ''
  for (const { line, cells, meant } of sample) {
    if (!('phone' in meant) || seen.has(meant.phone)) continue
    seen.add(meant.phone)
    const filled = HEADER.map((header, at) => [header, (cells[at] ?? '').trim()] as const)
      .filter(([, value]) => value !== '')
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
    const variables = filled.map(([key, value]) => `"${key}":${JSON.stringify(value)}`).join(',')
    text += `{"line":${line},"phone":"${meant.phone}","name":${JSON.stringify((cells[0] ?? '').trim())},"variables":{${variables}}}\n`
  }
  return text
}

function rejectedOf(sample: SampleRow[]): string {
  const lines = sample.flatMap(({ line, cells, meant }) => {
    if (!('reason' in meant)) return []
    const field = meant.reason === 'BROKEN_ROW' ? '' : 'telefone'
    return [quoted([...shown(cells, 6), String(line), field, REASONS[meant.reason] ?? ''])]
  })
  return `\ufeff${quoted([...HEADER, 'coluna 6', 'linha', 'campo', 'motivo'])}${lines.join('')}`
}

function warningsOf(sample: SampleRow[]): string {
  const lines = sample.flatMap(({ line, cells, meant }) => {
    if (!('phone' in meant) || meant.warning === undefined) return []
    const others = (meant.others ?? []).join(' | ')
    return [quoted([...shown(cells, 5), String(line), meant.phone, others, WARNINGS[meant.warning] ?? ''])]
  })
  return `\ufeff${quoted([...HEADER, 'linha', 'telefone usado', 'outros no campo', 'aviso'])}${lines.join('')}`
}

/** What a spreadsheet would compute is made a text by an apostrophe. */
function shown(cells: string[], width: number): string[] {
  return Array.from({ length: width }, (_, at) => (cells[at] ?? '').trim()).map((cell) =>
    /^[=+@-]/.test(cell) && !/^\+\d+$/.test(cell) ? `'${cell}` : cell,
  )
}

function quoted(cells: string[]): string {
  return `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(';')}\r\n`
}
