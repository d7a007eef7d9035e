import { describe, expect, it } from 'vitest'
import { buildWorkbook } from '#server/test/buildWorkbook.ts'
import { importBench } from './importTestBench.ts'

const bench = importBench()

/** Of Brazil, Anatel. Many of them are the code of a country, too: 44, 49, 33, 34, 31, 41, 43, 46, 47, 48, 51, 53–55 … */
const AREAS =
  '11 12 13 14 15 16 17 18 19 21 22 24 27 28 31 32 33 34 35 37 38 41 42 43 44 45 46 47 48 49 51 53 54 55 61 62 63 64 65 66 67 68 69 71 73 74 75 77 79 81 82 83 84 85 86 87 88 89 91 92 93 94 95 96 97 98 99'.split(
    ' ',
  )
/** Whole numbers of other countries without their plus: at home they are no numbers, and nobody knows what was meant. */
const ABROAD = [
  '351912345678',
  '447911123456',
  '14155552671',
  '34612345678',
  '4915112345678',
  '33612345678',
  '541123456789',
]
/** A digit too many or too few of people at home. */
const SLIPS = AREAS.flatMap((area) => [`${area}9876543210`, `${area}98765432101`, `${area}9876543`])

const csvOf = (phones: string[]) => `nome;telefone\n${phones.map((phone, n) => `Pessoa ${n};${phone}\n`).join('')}`

function workbookOf(phones: string[]): Buffer {
  const rows = phones.map((phone) => `<row><c t="str"><v>Pessoa</v></c><c><v>${phone}</v></c></row>`)
  return buildWorkbook({
    sheets: { a: `<row><c t="str"><v>nome</v></c><c t="str"><v>telefone</v></c></row>${rows.join('')}` },
  })
}

describe('a national number', () => {
  const forms: [name: string, fileOf: (phones: string[]) => string | Buffer][] = [
    ['CSV', csvOf],
    ['a workbook, as a number', workbookOf],
  ]
  it.each(forms)('in %s of every area reaches that area, never the country of the same code', async (_, fileOf) => {
    await bench.newUser()
    bench.startRunner()
    const phones = AREAS.flatMap((area) => [`${area}987654321`, `${area}32123456`])
    const row = await bench.imported(fileOf(phones))
    expect(row).toMatchObject({ rows: phones.length, accepted: phones.length })
    expect((await bench.contacts()).map(({ phone }) => phone)).toEqual(phones.map((phone) => `+55${phone}`).toSorted())
  })

  it.each(forms)(
    'in %s that has a slip, or is one of abroad without its plus, reaches nobody abroad',
    async (_, fileOf) => {
      await bench.newUser()
      bench.startRunner()
      const phones = [...ABROAD, ...SLIPS]
      const { accepted, rejected, rows } = await bench.imported(fileOf(phones))
      expect([rows, accepted + rejected]).toEqual([phones.length, phones.length])
      expect((await bench.contacts()).filter(({ phone }) => !phone.startsWith('+55'))).toEqual([])
      expect(rejected).toBeGreaterThan(phones.length / 2)
    },
  )

  it('of Brazil in a file that is read as of another country is refused or of that country, never of a third', async () => {
    for (const [country, code] of [
      ['PT', '+351'],
      ['US', '+1'],
      ['AR', '+54'],
      ['ES', '+34'],
      ['AO', '+244'],
    ] as const) {
      await bench.newUser()
      bench.startRunner()
      await bench.imported(csvOf(AREAS.map((area) => `${area} 98765-4321`)), country)
      expect([country, (await bench.contacts()).filter(({ phone }) => !phone.startsWith(code))]).toEqual([country, []])
    }
  })

  it('that Excel wrote with an exponent is refused with that reason, in CSV and in a workbook', async () => {
    await bench.newUser()
    bench.startRunner()
    for (const file of [
      csvOf(['5,51199E+12', '5.51199E+12', '5,5E+12']),
      workbookOf(['5.51199E+12', '1.1E10', '5.5E12']),
    ]) {
      const row = await bench.imported(file)
      expect(row).toMatchObject({ accepted: 0, rejected: 3 })
      const lines = (await bench.text(`/${row.id}/rejected.csv`)).trimEnd().split('\r\n').slice(1)
      for (const line of lines)
        expect(line).toMatch(/"telefone";"O Excel transformou o telefone em notação científica[^"]*"$/)
    }
    // All its digits are there: a program wrote what Excel would have written as digits.
    expect(await bench.imported(workbookOf(['5.511987654321E12']))).toMatchObject({ accepted: 1 })
    expect((await bench.contacts()).map(({ phone }) => phone)).toEqual(['+5511987654321'])
  })
})
