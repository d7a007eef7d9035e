import { describe, expect, it } from 'vitest'
import { buildWorkbook, buildZip, sheetXml, workbookParts, type WorkbookOptions } from '#server/test/buildWorkbook.ts'
import { CsvProblem } from '../csv/CsvProblem.ts'
import { openTable } from '../openTable.ts'
import type { StoredFile } from '../UploadStore.ts'

/** Read in small pieces, so that everything is cut somewhere. */
function stored(bytes: Buffer, piece = 777): StoredFile {
  return {
    size: bytes.length,
    async *read(start, end) {
      for (let at = start; at < Math.min(end, bytes.length); at += piece)
        yield bytes.subarray(at, Math.min(at + piece, end))
    },
  }
}

async function read(file: Buffer | WorkbookOptions, sheet: string | null = null) {
  const bytes = Buffer.isBuffer(file) ? file : buildWorkbook(file)
  const table = await openTable(stored(bytes), 'BR', sheet)
  const rows: { line: number; cells: string[] }[] = []
  for await (const batch of table.batches) rows.push(...batch)
  return { ...table, rows }
}

async function problemOf(file: Buffer | WorkbookOptions, sheet: string | null = null) {
  const error: unknown = await read(file, sheet).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof CsvProblem)) throw new Error('The file was read without a problem.', { cause: error })
  return { reason: error.reason, line: error.line }
}

function text(reference: string, value: string): string {
  return `<c r="${reference}" t="inlineStr"><is><t xml:space="preserve">${value}</t></is></c>`
}

const HEADER = `<row r="1">${text('A1', 'nome')}${text('B1', 'telefone')}${text('C1', 'valor')}</row>`

/** The third cell of a row as it is read from `cell`, whose attributes and content are given. */
async function valueOf(cell: string, options: WorkbookOptions = {}): Promise<string | undefined> {
  const row = `<row r="2">${text('A2', 'Ana')}${text('B2', '11987654321')}${cell}</row>`
  const { rows } = await read({ sheets: { Plan1: `${HEADER}${row}` }, ...options })
  return rows[0]?.cells[2]
}

describe('a workbook', () => {
  it('is read as a table, with the numbers of its rows, blank rows left out', async () => {
    const rows = [
      HEADER,
      `<row r="2">${text('A2', 'João 🦜')}<c r="B2"><v>5511987654321</v></c></row>`,
      '<row r="3"><c r="A3" s="1"/><c r="B3" s="1"/></row>',
      '<row r="4"/>',
      `<row r="7">${text('B7', '21 98765-4322')}<c r="C7"><v>12.9</v></c><c r="ZZ7" s="1"/></row>`,
    ]
    const table = await read({ sheets: { Plan1: rows.join('\n  ') } })
    expect(table.rows).toEqual([
      { line: 2, cells: ['João 🦜', '5511987654321'] },
      { line: 7, cells: ['', '21 98765-4322', '12.9'] },
    ])
    expect(table.columns).toMatchObject({ headers: ['nome', 'telefone', 'valor'], phoneColumns: [1], nameColumn: 0 })
    expect([table.encoding(), table.delimiter, table.sheets, table.sheet]).toEqual(['xlsx', null, ['Plan1'], 'Plan1'])
  })

  it('has its texts in the cells or apart, in one run or several', async () => {
    const sharedStrings =
      '<si><t>um</t></si><si/><si><r><rPr><b/></rPr><t xml:space="preserve">dois </t></r><r><t>e três</t></r><rPh sb="0" eb="1"><t>ignorado</t></rPh></si><si><t>a_x000D_b_x005F_x000D_ &lt;&#233;&gt;</t></si>'
    const shared = (index: number) => valueOf(`<c r="C2" t="s"><v>${index}</v></c>`, { sharedStrings })
    expect(await shared(0)).toBe('um')
    expect(await shared(1)).toBeUndefined()
    expect(await shared(2)).toBe('dois e três')
    expect(await shared(3)).toBe('a\rb_x000D_ <é>')
    expect(await valueOf('<c r="C2" t="inlineStr"><is><r><t>a</t></r><r><t> b</t></r></is></c>')).toBe('a b')
    expect(await valueOf('<c r="C2" t="str"><f>A1&amp;"x"</f><v>calculado</v></c>')).toBe('calculado')
    expect(await valueOf('<c r="C2" t="s"><v><![CDATA[0]]></v></c>', { sharedStrings })).toBe('um')
  })

  it('with a hundred thousand shared texts gives each its own', async () => {
    const sharedStrings = Array.from({ length: 100_000 }, (_, i) => `<si><t>texto número ${i} ção</t></si>`).join('')
    const cells = [0, 1, 65_535, 65_536, 99_999].map(
      (n, at) => `<row r="${at + 2}">${text(`B${at + 2}`, '11987654321')}<c r="C${at + 2}" t="s"><v>${n}</v></c></row>`,
    )
    const { rows } = await read({ sheets: { a: HEADER + cells.join('') }, sharedStrings })
    expect(rows.map((row) => row.cells[2])).toEqual([0, 1, 65_535, 65_536, 99_999].map((n) => `texto número ${n} ção`))
  })

  const numbers: [written: string, read: string][] = [
    ['5511987654321', '5511987654321'],
    ['5511987654321.0', '5511987654321'],
    ['5.511987654321E12', '5511987654321'],
    ['5.511987654321E+12', '5511987654321'],
    // Only what a narrow column shows: the digits are gone, whatever the number says.
    ['5.51199E+12', '5.51199E+12'],
    ['1.1E10', '1.1E10'],
    ['011987654321', '011987654321'],
    ['12.9', '12.9'],
    ['0.10000000000000001', '0.1'],
    ['1E-3', '0.001'],
    ['1.5E3', '1500'],
    ['-7', '-7'],
    ['12345678901234567890', '12345678901234567890'],
  ]
  it.each(numbers)('with the number %s has the text %s', async (written, expected) => {
    expect(await valueOf(`<c r="C2"><v>${written}</v></c>`)).toBe(expected)
  })

  const STYLES = `<numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy\\ hh:mm"/><numFmt numFmtId="165" formatCode="[h]:mm"/><numFmt numFmtId="166" formatCode="#,##0.00&quot; dias&quot;"/><numFmt numFmtId="167" formatCode="[$-416]d\\ mmmm"/><numFmt numFmtId="168" formatCode="\\(00\\)\\ 00000\\-0000"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${[0, 14, 164, 165, 166, 167, 168, 21].map((id) => `<xf numFmtId="${id}"/>`).join('')}</cellXfs>`
  const dates: [style: number, written: string, read: string][] = [
    [0, '46348', '46348'],
    [1, '46348', '22/11/2026'],
    [1, '1', '01/01/1900'],
    [1, '61', '01/03/1900'],
    [2, '46348.395833333336', '22/11/2026 09:30'],
    [3, '1.1041666666666667', '26:30'],
    [4, '46348.5', '46348.5'],
    [5, '46348', '22/11/2026'],
    [6, '11987654321', '11987654321'],
    [7, '0.75', '18:00'],
    [7, '0.7500115740740741', '18:00:01'],
    [1, '-3', '-3'],
    [1, '99999999', '99999999'],
  ]
  it.each(dates)('in style %i with %s has the text %s', async (style, written, expected) => {
    expect(await valueOf(`<c r="C2" s="${style}"><v>${written}</v></c>`, { styles: STYLES })).toBe(expected)
  })

  it('from a Mac counts its days from 1904; a date as text, truth and errors are told', async () => {
    expect(await valueOf('<c r="C2" s="1"><v>44886</v></c>', { styles: STYLES, from1904: true })).toBe('22/11/2026')
    expect(await valueOf('<c r="C2" t="d"><v>2026-11-22T09:30:00</v></c>')).toBe('22/11/2026 09:30')
    expect(await valueOf('<c r="C2" t="b"><v>1</v></c>')).toBe('VERDADEIRO')
    expect(await valueOf('<c r="C2" t="e"><v>#N/D</v></c>')).toBe('#N/D')
  })

  it('with several sheets is read by name, else by the first that is not hidden', async () => {
    const person = (name: string) => `${HEADER}<row r="2">${text('A2', name)}${text('B2', '11987654321')}</row>`
    const options = { sheets: { 'Oculta &amp; velha': person('a'), Boa: person('b'), Outra: person('c') } }
    const hidden = { ...options, hidden: ['Oculta &amp; velha'] }
    expect((await read(hidden)).rows[0]?.cells[0]).toBe('b')
    expect((await read(hidden, 'Oculta & velha')).rows[0]?.cells[0]).toBe('a')
    expect((await read(options, 'Outra')).sheets).toEqual(['Oculta & velha', 'Boa', 'Outra'])
    expect(await problemOf(options, 'Falta')).toEqual({ reason: 'UNKNOWN_SHEET', line: null })
    expect(await problemOf({ sheets: {} })).toEqual({ reason: 'UNKNOWN_SHEET', line: null })
    expect(await problemOf(Buffer.from('nome;telefone\nAna;11987654321\n'), 'Boa')).toMatchObject({
      reason: 'UNKNOWN_SHEET',
    })
  })

  it('of other programs may leave out references and use prefixes', async () => {
    const parts = workbookParts({ sheets: { a: '' } })
    const rows = `<x:row><x:c t="inlineStr"><x:is><x:t>telefone</x:t></x:is></x:c></x:row><x:row><x:c><x:v>11987654321</x:v></x:c></x:row>`
    const content = `<x:worksheet xmlns:x="urn:x"><x:sheetData>${rows}</x:sheetData></x:worksheet>`
    const named = parts.map((part) => (part.name.endsWith('sheet1.xml') ? { ...part, content } : part))
    expect((await read(buildZip(named))).rows).toEqual([{ line: 2, cells: ['11987654321'] }])
  })
})

describe('what is refused', () => {
  const one = { sheets: { a: `${HEADER}<row r="2">${text('B2', '11987654321')}</row>` } }

  it('archives that are no workbook, and other kinds of spreadsheets', async () => {
    const csv = { name: 'contatos.csv', content: 'nome;telefone\nAna;11987654321\n' }
    expect(await problemOf(buildZip([csv]))).toEqual({ reason: 'BINARY_FILE', line: null })
    expect(await problemOf(buildZip([{ name: 'a.xlsx', content: buildWorkbook(one) }]))).toEqual({
      reason: 'BINARY_FILE',
      line: null,
    })
    expect(await problemOf(buildZip([]))).toMatchObject({ reason: 'BINARY_FILE' })
    const binary = workbookParts(one).map((part) =>
      part.name === '_rels/.rels' ? { ...part, content: String(part.content).replace('workbook.xml', 'b.bin') } : part,
    )
    expect(await problemOf(buildZip([...binary, { name: 'xl/b.bin', content: 'x' }]))).toMatchObject({
      reason: 'SPREADSHEET_FILE',
    })
    const open = [
      { name: 'mimetype', content: 'application/vnd.oasis.opendocument.spreadsheet', isStored: true },
      { name: 'content.xml', content: '<a/>' },
    ]
    expect(await problemOf(buildZip(open))).toMatchObject({ reason: 'SPREADSHEET_FILE' })
  })

  it('a workbook that is cut off or damaged anywhere', async () => {
    const bytes = buildWorkbook(one)
    for (const length of [4, 100, bytes.length >> 1, bytes.length - 1])
      expect(await problemOf(bytes.subarray(0, length))).toEqual({ reason: 'SPREADSHEET_BROKEN', line: null })
    let refused = 0
    for (let at = 0; at < bytes.length; at += 13) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] ?? 0) ^ 0xff
      // Some bytes do not matter; whatever does is a problem with a name.
      await read(damaged).catch((error: unknown) => {
        expect(error).toBeInstanceOf(CsvProblem)
        refused += 1
      })
    }
    expect(refused).toBeGreaterThan(20)
  })

  it('names that lead out of the archive, names that come twice, more parts than a workbook has', async () => {
    for (const name of ['../../etc/cron.d/x', '/etc/passwd', 'C:/x', 'xl/../../x'])
      expect(await problemOf({ ...one, more: [{ name, content: 'x' }] })).toMatchObject({
        reason: 'SPREADSHEET_BROKEN',
      })
    const twice = { name: 'xl/workbook.xml', content: '<workbook/>' }
    expect(await problemOf({ ...one, more: [twice] })).toMatchObject({ reason: 'SPREADSHEET_BROKEN' })
    const more = Array.from({ length: 3000 }, (_, n) => ({ name: `p${n}`, content: '' }))
    expect(await problemOf({ ...one, more })).toMatchObject({ reason: 'SPREADSHEET_TOO_LARGE' })
  })

  it('sizes that lie, whether too small or too large', async () => {
    const parts = workbookParts({ ...one, sharedStrings: `<si><t>${'a'.repeat(50_000)}</t></si>` })
    for (const declaredSize of [10, 4_000_000_000]) {
      const lying = parts.map((part) => (part.name.endsWith('sharedStrings.xml') ? { ...part, declaredSize } : part))
      expect(await problemOf(buildZip(lying))).toMatchObject({ reason: 'SPREADSHEET_BROKEN' })
    }
  })

  it('entities, nesting without end, a text without end', async () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><worksheet><sheetData><row r="1"><c t="str"><v>&b;</v></c></row></sheetData></worksheet>`
    const withSheet = (content: string) =>
      buildZip(workbookParts(one).map((part) => (part.name.endsWith('sheet1.xml') ? { ...part, content } : part)))
    expect(await problemOf(withSheet(bomb))).toMatchObject({ reason: 'SPREADSHEET_BROKEN' })
    expect(await problemOf(withSheet('<worksheet><sheetData>' + '<row>'.repeat(100_000)))).toMatchObject({
      reason: 'SPREADSHEET_BROKEN',
    })
    for (const endless of [
      `<row r="2" a="${'a'.repeat(3_000_000)}"/>`,
      `<!--${'a'.repeat(3_000_000)}-->`,
      text('B2', 'a'.repeat(3_000_000)),
    ])
      expect(await problemOf(withSheet(sheetXml(HEADER + endless)))).toMatchObject({ reason: 'ROW_TOO_LARGE' })
  })

  const rows: [name: string, row: string, problem: { reason: string; line: number | null }][] = [
    ['a cell beyond 512 columns', `<row r="2">${text('SS2', 'x')}</row>`, { reason: 'TOO_MANY_COLUMNS', line: 2 }],
    ['rows of one number', '<row r="2"/><row r="2"/>', { reason: 'SPREADSHEET_BROKEN', line: 3 }],
    ['a row beyond the last', '<row r="1048577"/>', { reason: 'SPREADSHEET_TOO_LARGE', line: 1_048_577 }],
    ['a reference that is none', '<row r="2"><c r="2B"><v>1</v></c></row>', { reason: 'SPREADSHEET_BROKEN', line: 2 }],
    ['a text that is not there', '<row r="5"><c t="s"><v>9</v></c></row>', { reason: 'SPREADSHEET_BROKEN', line: 5 }],
    [
      'a row beyond 1 MiB',
      `<row r="3">${Array.from({ length: 30 }, (_, n) => text(`${String.fromCharCode(65 + (n % 26))}3`, 'x'.repeat(60_000))).join('')}</row>`,
      { reason: 'ROW_TOO_LARGE', line: 3 },
    ],
  ]
  it.each(rows)('%s', async (_, row, problem) => {
    expect(await problemOf({ sheets: { a: HEADER + row } })).toEqual(problem)
  })

  it('more than 200 MB that really come out, without holding them', async () => {
    const row = `<row>${'<c/>'.repeat(2000)}</row>`
    const content = sheetXml(HEADER + row.repeat(27_000))
    expect(content.length).toBeGreaterThan(200 * 1024 * 1024)
    const bytes = buildZip(
      workbookParts(one).map((part) => (part.name.endsWith('sheet1.xml') ? { ...part, content } : part)),
    )
    expect(bytes.length).toBeLessThan(2_000_000)
    expect(await problemOf(bytes)).toEqual({ reason: 'SPREADSHEET_TOO_LARGE', line: null })
  }, 60_000)

  it('more shared texts than are held', async () => {
    const sharedStrings = `<si><t>${'a'.repeat(30_000)}</t></si>`.repeat(900)
    expect(await problemOf({ ...one, sharedStrings })).toEqual({ reason: 'SPREADSHEET_TOO_LARGE', line: null })
  })

  it('and what the store throws is not taken for a damaged file', async () => {
    const file = stored(buildWorkbook(one))
    let reads = 0
    const failing: StoredFile = {
      size: file.size,
      read: (start, end) => {
        if (reads++ > 12) throw new Error('the database is away')
        return file.read(start, end)
      },
    }
    await expect(openTable(failing, 'BR', null)).rejects.toThrow('the database is away')
  })
})
