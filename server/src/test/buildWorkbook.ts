import { crc32, deflateRawSync } from 'node:zlib'

/** A part of an archive; `declaredSize` is what the archive says of its size, however large it is. */
export type ZipPart = { name: string; content: string | Buffer; declaredSize?: number; isStored?: boolean }

/** A ZIP archive of these parts, in this order. */
export function buildZip(parts: ZipPart[]): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const part of parts) {
    const { local, entry } = headersOf(part, offset)
    locals.push(...local)
    directory.push(...entry)
    offset += lengthOf(local)
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(parts.length, 8)
  end.writeUInt16LE(parts.length, 10)
  end.writeUInt32LE(lengthOf(directory), 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, ...directory, end])
}

/** APPNOTE.TXT, 4.3.7 and 4.3.12. */
function headersOf(part: ZipPart, offset: number): { local: Buffer[]; entry: Buffer[] } {
  const name = Buffer.from(part.name)
  const bytes = Buffer.from(part.content)
  const packed = part.isStored === true ? bytes : deflateRawSync(bytes)
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0)
  common.writeUInt16LE(part.isStored === true ? 0 : 8, 4)
  common.writeUInt32LE(crc32(bytes), 10)
  common.writeUInt32LE(packed.length, 14)
  common.writeUInt32LE(part.declaredSize ?? bytes.length, 18)
  common.writeUInt16LE(name.length, 22)
  const last = Buffer.alloc(14)
  last.writeUInt32LE(offset, 10)
  return {
    local: [Buffer.from('504b0304', 'hex'), common, name, packed],
    entry: [Buffer.from('504b01021400', 'hex'), common, last, name],
  }
}

function lengthOf(buffers: Buffer[]): number {
  return buffers.reduce((sum, { length }) => sum + length, 0)
}

const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006/relationships'
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'

export type WorkbookOptions = {
  /** XML within `sheetData`, by the name of the sheet. */
  sheets?: Record<string, string>
  hidden?: string[]
  /** XML within `sst`. */
  sharedStrings?: string
  /** XML within `styleSheet`. */
  styles?: string
  from1904?: boolean
  more?: ZipPart[]
}

/** A workbook as spreadsheets write it. */
export function buildWorkbook(options: WorkbookOptions): Buffer {
  return buildZip([...workbookParts(options), ...(options.more ?? [])])
}

export function workbookParts({
  sheets = {},
  hidden = [],
  sharedStrings = '',
  styles = '',
  from1904 = false,
}: WorkbookOptions): ZipPart[] {
  const names = Object.keys(sheets)
  const listed = names.map(
    (name, n) =>
      `<sheet name="${name}" sheetId="${n + 1}" r:id="rId${n + 1}"${hidden.includes(name) ? ' state="hidden"' : ''}/>`,
  )
  const targets = names.map((_, n) => relation(`rId${n + 1}`, 'worksheet', `worksheets/sheet${n + 1}.xml`))
  return [
    { name: '[Content_Types].xml', content: xml('<Types/>') },
    { name: '_rels/.rels', content: relations([relation('rId1', 'officeDocument', 'xl/workbook.xml')]) },
    {
      name: 'xl/workbook.xml',
      content: xml(
        `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><workbookPr${from1904 ? ' date1904="1"' : ''}/><sheets>${listed.join('')}</sheets></workbook>`,
      ),
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      content: relations([
        ...targets,
        relation('rId900', 'sharedStrings', 'sharedStrings.xml'),
        relation('rId901', 'styles', '/xl/styles.xml'),
      ]),
    },
    { name: 'xl/styles.xml', content: xml(`<styleSheet xmlns="${MAIN}">${styles}</styleSheet>`) },
    { name: 'xl/sharedStrings.xml', content: xml(`<sst xmlns="${MAIN}">${sharedStrings}</sst>`) },
    ...names.map((name, n) => ({ name: `xl/worksheets/sheet${n + 1}.xml`, content: sheetXml(sheets[name] ?? '') })),
  ]
}

/** The part of a sheet with these rows. */
export function sheetXml(rows: string): string {
  return xml(`<worksheet xmlns="${MAIN}"><sheetData>${rows}</sheetData><mergeCells count="0"/></worksheet>`)
}

function relation(id: string, type: string, target: string): string {
  return `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`
}

function relations(of: string[]): string {
  return xml(`<Relationships xmlns="${PACKAGE}">${of.join('')}</Relationships>`)
}

function xml(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${content}`
}
