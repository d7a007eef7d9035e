import { describe, expect, it } from 'vitest'
import { CsvProblem } from './CsvProblem.ts'
import { readTable } from './readTable.ts'

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(content: string | Buffer, options: { chunk?: number; country?: string } = {}) {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const table = await readTable(inChunks(bytes, options.chunk ?? 100_000), options.country ?? 'BR')
  const rows: { line: number; cells: string[] }[] = []
  for await (const batch of table.batches) rows.push(...batch)
  return { ...table, rows, encoding: table.encoding(), headers: table.columns.headers }
}

async function problemOf(content: string | Buffer): Promise<{ reason: string; line: number | null }> {
  const error: unknown = await read(content).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof CsvProblem)) throw new Error('The file was read without a problem.', { cause: error })
  return { reason: error.reason, line: error.line }
}

function utf16(text: string, bigEndian: boolean): Buffer {
  const bytes = Buffer.from(text, 'utf16le')
  return bigEndian ? bytes.swap16() : bytes
}

const TABLE = 'nome;telefone;cidade\r\nJoão;11 98765-4321;São Paulo\r\nZoë;21 98765-4322;Niterói\r\n'
const ROWS = [
  { line: 2, cells: ['João', '11 98765-4321', 'São Paulo'] },
  { line: 3, cells: ['Zoë', '21 98765-4322', 'Niterói'] },
]

describe('encodings', () => {
  const encoded: [name: string, bytes: Buffer, encoding: string][] = [
    ['UTF-8', Buffer.from(TABLE), 'utf-8'],
    ['UTF-8 with BOM', Buffer.from(`\ufeff${TABLE}`), 'utf-8'],
    ['windows-1252', Buffer.from(TABLE, 'latin1'), 'windows-1252'],
    ['UTF-16 LE with BOM', utf16(`\ufeff${TABLE}`, false), 'utf-16le'],
    ['UTF-16 BE with BOM', utf16(`\ufeff${TABLE}`, true), 'utf-16be'],
    ['UTF-16 LE without BOM', utf16(TABLE, false), 'utf-16le'],
    ['UTF-16 BE without BOM', utf16(TABLE, true), 'utf-16be'],
  ]
  for (const [name, bytes, encoding] of encoded) {
    it.each([1, 2, 7, 100_000])(
      `${name} gives the right text and a first header without BOM, in chunks of %i bytes`,
      async (chunk) => {
        const table = await read(bytes, { chunk })
        expect(table.rows).toEqual(ROWS)
        expect(table.headers).toEqual(['nome', 'telefone', 'cidade'])
        expect(table.encoding).toBe(encoding)
      },
    )
  }

  it('the characters that windows-1252 has beyond Latin-1 come out right', async () => {
    const { rows } = await read(
      Buffer.concat([
        Buffer.from('nome;telefone\n'),
        Buffer.from([0x80, 0x93, 0x96, 0x9c]),
        Buffer.from(';11 98765-4321\n'),
      ]),
    )
    expect(rows[0]?.cells[0]).toBe('€“–œ')
  })

  it('a file that is plain ASCII for long and then windows-1252 is read as windows-1252', async () => {
    const plain = Array.from({ length: 6000 }, (_, i) => `Maria ${i};11987654321\n`).join('')
    const { rows, encoding } = await read(
      Buffer.concat([Buffer.from(`nome;telefone\n${plain}`), Buffer.from('João;11987654321\n', 'latin1')]),
    )
    expect(rows.at(-1)?.cells[0]).toBe('João')
    expect(encoding).toBe('windows-1252')
  })

  it('a file that was UTF-8 and breaks later is refused with the line instead of garbled', async () => {
    const plain = Array.from({ length: 6000 }, (_, i) => `Júlia ${i};11987654321\n`).join('')
    const bytes = Buffer.concat([Buffer.from(`nome;telefone\n${plain}`), Buffer.from('João;11987654321\n', 'latin1')])
    expect(await problemOf(bytes)).toEqual({ reason: 'BAD_ENCODING', line: 6002 })
  })

  it('bytes that are characters in no supported encoding are refused with the line', async () => {
    expect(
      await problemOf(Buffer.concat([Buffer.from('nome;telefone\nA;1\nJo'), Buffer.from([0x81]), Buffer.from(';2\n')])),
    ).toEqual({ reason: 'BAD_ENCODING', line: 3 })
    expect(await problemOf(Buffer.concat([Buffer.from('nome;telefone\nJoã'), Buffer.from([0xc3])]))).toMatchObject({
      reason: 'BAD_ENCODING',
    })
  })

  const mixed: [name: string, bytes: Buffer, line: number][] = [
    [
      'UTF-8 with one line of windows-1252',
      Buffer.concat([Buffer.from('nome;telefone\nJoão;1\nÉrica;2\nZoë;3\n'), Buffer.from('Márcia;4\n', 'latin1')]),
      5,
    ],
    [
      'windows-1252 with some lines of UTF-8',
      Buffer.concat([Buffer.from('nome;telefone\nJoão;1\n', 'latin1'), Buffer.from('Érica;2\nZoë;3\n')]),
      2,
    ],
    [
      'UTF-8 that says so, with one byte of something else',
      Buffer.concat([Buffer.from('\ufeffnome;telefone\nAna;1\nJo'), Buffer.from([0xe3]), Buffer.from('o;2\n')]),
      3,
    ],
    ['a Mac of old', Buffer.concat([Buffer.from('nome;telefone\nJo'), Buffer.from([0x8b]), Buffer.from('o;1\n')]), 2],
    ['DOS', Buffer.concat([Buffer.from('nome;telefone\nGon'), Buffer.from([0x87]), Buffer.from('alves;1\n')]), 2],
    ['UTF-16 that ends within a character', utf16('\ufeffnome;telefone\nJoão;1\n', false).subarray(0, -1), 2],
    [
      'UTF-16 with half a pair',
      Buffer.concat([utf16('\ufeffnome;telefone\nJo', false), Buffer.from([0x00, 0xd8]), utf16('o;1\n', false)]),
      2,
    ],
  ]
  it.each(mixed)('%s is refused instead of garbled', async (_, bytes, line) => {
    expect(await problemOf(bytes)).toEqual({ reason: 'BAD_ENCODING', line })
  })

  it('and windows-1252 with its own signs is not mistaken for something else', async () => {
    const text =
      'nome;telefone\nJosé d’Ávila – “Zé”;11987654321\nAÇÃO Nº 1 ®;11987654322\nMaria\u00a0Inês 100€;11987654323\nIRMÃO & IRMÃ;1\n'
    const signs = new Map(Array.from('’–“”€', (sign, at) => [sign, [0x92, 0x96, 0x93, 0x94, 0x80][at] ?? 0]))
    const bytes = Buffer.from(Array.from(text, (character) => signs.get(character) ?? character.charCodeAt(0)))
    const { rows, encoding } = await read(bytes)
    expect(encoding).toBe('windows-1252')
    expect(rows.map((row) => row.cells[0])).toEqual([
      'José d’Ávila – “Zé”',
      'AÇÃO Nº 1 ®',
      'Maria\u00a0Inês 100€',
      'IRMÃO & IRMÃ',
    ])
  })

  it('spreadsheets and other files that are no text are named as such', async () => {
    expect(await problemOf(Buffer.from('504b03041400', 'hex'))).toEqual({ reason: 'SPREADSHEET_FILE', line: null })
    expect(await problemOf(Buffer.from('d0cf11e0a1b11ae100', 'hex'))).toEqual({
      reason: 'SPREADSHEET_FILE',
      line: null,
    })
    expect(await problemOf(Buffer.from('%PDF-1.7 and so on'))).toEqual({ reason: 'BINARY_FILE', line: null })
    expect(await problemOf(Buffer.alloc(4000))).toEqual({ reason: 'BINARY_FILE', line: null })
  })
})

describe('shapes', () => {
  for (const delimiter of [';', ',', '\t', '|']) {
    for (const [name, end] of Object.entries({ LF: '\n', CRLF: '\r\n', CR: '\r' })) {
      it(`cells apart by ${JSON.stringify(delimiter)}, lines by ${name}`, async () => {
        const text = [
          ['nome', 'telefone'],
          ['Ana', '11 98765-4321'],
          ['"Bia\nSilva"', '21 98765-4322'],
          [],
          ['Caio', '31 98765-4323'],
        ]
          .map((cells) => cells.join(delimiter))
          .join(end)
        const table = await read(text, { chunk: 3 })
        expect(table.delimiter).toBe(delimiter)
        expect(table.rows).toEqual([
          { line: 2, cells: ['Ana', '11 98765-4321'] },
          { line: 3, cells: ['Bia\nSilva', '21 98765-4322'] },
          { line: 6, cells: ['Caio', '31 98765-4323'] },
        ])
      })
    }
  }

  it('CRLF within quotes is one line', async () => {
    const { rows } = await read('nome;telefone\r\n"Ana\r\nMaria";11 98765-4321\r\nBia;21 98765-4322\r\n')
    expect(rows.map((row) => row.line)).toEqual([2, 4])
  })

  it('mixed line ends, doubled quotes and stray quotes are read', async () => {
    const { rows } = await read(
      'nome;telefone\nAna "Nina" Reis;11987654321\r\n"Bia ""B""";21987654322\rCaio;31987654323',
    )
    expect(rows.map((row) => row.cells[0])).toEqual(['Ana "Nina" Reis', 'Bia "B"', 'Caio'])
  })

  it('a delimiter within quotes does not count when the delimiter is looked for', async () => {
    const { delimiter, rows } = await read(
      '"nome, completo","telefone"\n"Reis; Ana; B; C","11987654321"\n"Lima; Bia; D; E","21987654322"\n',
    )
    expect(delimiter).toBe(',')
    expect(rows[0]?.cells).toEqual(['Reis; Ana; B; C', '11987654321'])
  })

  it('a list of phones alone is a table of one column', async () => {
    const { rows, columns } = await read('11 98765-4321\n21 98765-4322 / 21 3232-1234\n')
    expect(columns).toEqual({ headers: ['telefone'], hasHeader: false, phoneColumns: [0], nameColumn: null })
    expect(rows).toHaveLength(2)
  })

  it("Excel's line sep=, names the delimiter and is no row", async () => {
    const { delimiter, rows } = await read('sep=,\r\nnome,telefone\r\nA;B,11987654321\r\n', { chunk: 100 })
    expect(delimiter).toBe(',')
    expect(rows).toEqual([{ line: 3, cells: ['A;B', '11987654321'] }])
  })

  it('an unclosed quote is refused with the line where it opens, without reading the file to its end', async () => {
    let read = 0
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from('nome;telefone\nAna;11987654321\nBia;"21987654322\n')
      for (; read < 1_000_000; read++) yield Buffer.from('Caio;31987654323\n'.repeat(1000))
    }
    const open = readTable(endless(), 'BR')
    await expect(open).rejects.toMatchObject({ reason: 'UNCLOSED_QUOTE', line: 3 })
    expect(read).toBeLessThan(200)
    expect(await problemOf('nome;telefone\nAna;11987654321\nBia;"21987654322\n')).toEqual({
      reason: 'UNCLOSED_QUOTE',
      line: 3,
    })
  })

  it('a field of 10 MB is refused with its line', async () => {
    expect(await problemOf(`nome;telefone\nAna;11987654321\n${'x'.repeat(10_000_000)};21987654322\n`)).toEqual({
      reason: 'ROW_TOO_LARGE',
      line: 3,
    })
  })

  it('10,000 columns are refused', async () => {
    expect(await problemOf(`${Array.from({ length: 10_000 }, (_, i) => `c${i}`).join(';')}\n1;2\n`)).toEqual({
      reason: 'TOO_MANY_COLUMNS',
      line: 1,
    })
  })

  it('nothing, blank lines, and a header alone are refused', async () => {
    expect(await problemOf('')).toEqual({ reason: 'EMPTY_FILE', line: null })
    expect(await problemOf('\n\r\n\n')).toEqual({ reason: 'EMPTY_FILE', line: null })
    expect(await problemOf('\ufeff')).toEqual({ reason: 'EMPTY_FILE', line: null })
    expect(await problemOf('nome;telefone\n')).toEqual({ reason: 'NO_ROWS', line: null })
  })
})

describe('columns', () => {
  it('empty, repeated and hostile headers get usable names', async () => {
    const { headers } = await read('nome;;Nome;telefone;NOMÉ;__proto__;\u0000x\n;a;b;11987654321;c;d;e\n')
    expect(headers).toEqual(['nome', 'coluna 2', 'Nome 2', 'telefone', 'NOMÉ 3', '__proto__', 'x'])
  })

  const found: [name: string, text: string, phones: number[], nameColumn: number | null][] = [
    ['by header', 'cidade;telefone;nome\nX;11987654321;Ana\n', [1], 2],
    [
      'WhatsApp before mobile before landline',
      'nome;telefone;celular;whatsapp\nAna;1132321234;11987654321;11987654322\n',
      [3, 2, 1],
      0,
    ],
    ['passing over a named column that is empty', 'nome;whatsapp;telefone\nAna;;1132321234\nBia;;1132321235\n', [2], 0],
    ['not mistaking a house number', 'nome;numero;fone\nAna;12;1132321234\n', [2], 0],
    ['`contato` as a person', 'contato;telefone\nAna;11987654321\n', [1], 0],
    ['`contato` as a phone', 'nome;contato\nAna;11987654321\n', [1], 0],
    ['by content when no header says so', 'quem;onde;como\nAna;Rio;11987654321\nBia;Itu;11987654322\n', [2], null],
    ['by header even when no row can be dialled', 'nome;telefone\nAna;123\nBia;\n', [1], 0],
    ['in English', 'Full Name,Phone Number\nAna,+5511987654321\n', [1], 0],
    ['with a header that says more', 'Nome completo;Tel. (celular)\nAna;11987654321\n', [1], 0],
  ]
  it.each(found)('are found %s', async (_, text, phoneColumns, nameColumn) => {
    const { columns } = await read(text)
    expect(columns).toMatchObject({ hasHeader: true, phoneColumns, nameColumn })
  })

  it('a first row with a phone number is a person, not a header', async () => {
    const { columns, rows } = await read('Ana Reis;11987654321;Rio\nBia Lima;11987654322;Itu\n')
    expect(columns).toEqual({
      headers: ['nome', 'telefone', 'coluna 3'],
      hasHeader: false,
      phoneColumns: [1],
      nameColumn: 0,
    })
    expect(rows).toHaveLength(2)
  })

  it('a first row whose phone is broken is still a person', async () => {
    const { columns, rows } = await read('Ana Reis;1198765\nBia Lima;11987654322\nCaio;11987654323\n')
    expect(columns.hasHeader).toBe(false)
    expect(rows).toHaveLength(3)
  })

  it('none is found in a table without any phone', async () => {
    const { columns, firstLine } = await read('\nproduto;preço\nCafé;12\nPão;3\n')
    expect(columns).toMatchObject({ hasHeader: true, phoneColumns: [], nameColumn: null })
    expect(firstLine).toBe(2)
  })
})

it('no more of the file is taken than what is read: memory does not grow with the file', async () => {
  const line = 'Maria Aparecida;(11) 98765-4321;São José dos Campos\n'
  const chunk = Buffer.from(line.repeat(5000))
  let taken = 0
  async function* big(): AsyncGenerator<Buffer> {
    yield Buffer.from('nome;telefone;cidade\n')
    for (let block = 0; block < 40; block++) {
      taken += chunk.length
      yield chunk
    }
  }
  let rows = 0
  for await (const batch of (await readTable(big(), 'BR')).batches) {
    expect(batch.length).toBeLessThan(3000)
    expect(taken - rows * Buffer.byteLength(line)).toBeLessThan(2 * chunk.length)
    rows += batch.length
  }
  expect(rows).toBe(200_000)
})
