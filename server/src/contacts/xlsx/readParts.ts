import { CsvProblem } from '../csv/CsvProblem.ts'
import { kindOfBuiltIn, kindOfFormat, type NumberKind } from './cellNumbers.ts'
import { parseXml, type XmlHandler } from './parseXml.ts'
import type { ZipParts } from './ZipParts.ts'

/** Of relations, sheets and looks; more is no workbook that a person made. */
const MAX_ITEMS = 65_536

export type Sheet = { name: string; part: string; isHidden: boolean }
export type Workbook = {
  sheets: Sheet[]
  sharedStrings: string | null
  styles: string | null
  /** Dates count from 1904 on, as on old Macs. */
  from1904: boolean
}

/** What a workbook consists of. Throws `CsvProblem`: SPREADSHEET_FILE for other kinds, BINARY_FILE for no workbook. */
export async function readWorkbook(zip: ZipParts): Promise<Workbook> {
  const main = await mainPart(zip)
  const relations = await readRelations(zip, main)
  const listed: { name: string; relation: string; isHidden: boolean }[] = []
  let from1904 = false
  let root: string | null = null
  await readAll(zip, main, {
    open(name, attributes) {
      root ??= name
      if (name === 'workbookPr') from1904 = isTrue(attributes['date1904'])
      if (name !== 'sheet') return
      const relation = Object.entries(attributes).find(([key]) => /(?:^|:)id$/.test(key))?.[1] ?? ''
      const isHidden = (attributes['state'] ?? 'visible') !== 'visible'
      pushTo(listed, { name: attributes['name'] ?? '', relation, isHidden })
    },
  })
  if (root !== 'workbook') throw new CsvProblem('BINARY_FILE', null)
  const partOf = (type: string) => relations.find((relation) => relation.type === type)?.part ?? null
  const sheets = listed.flatMap(({ name, relation, isHidden }) => {
    const found = relations.find(({ id, type }) => id === relation && type === 'worksheet')
    return found === undefined ? [] : [{ name, part: found.part, isHidden }]
  })
  return { sheets, sharedStrings: partOf('sharedStrings'), styles: partOf('styles'), from1904 }
}

async function mainPart(zip: ZipParts): Promise<string> {
  // OpenDocument says what it is in its first part.
  if (zip.has('mimetype') && zip.has('content.xml')) throw new CsvProblem('SPREADSHEET_FILE', null)
  if (!zip.has('_rels/.rels')) throw new CsvProblem('BINARY_FILE', null)
  const main = (await readRelations(zip, '')).find(({ type }) => type === 'officeDocument')?.part
  if (main === undefined || !zip.has(main)) throw new CsvProblem('BINARY_FILE', null)
  if (main.endsWith('.bin')) throw new CsvProblem('SPREADSHEET_FILE', null)
  return main
}

type Relation = { id: string; type: string; part: string }

/** Where the part (`''`: the whole archive) says its others are. */
async function readRelations(zip: ZipParts, part: string): Promise<Relation[]> {
  const slash = part.lastIndexOf('/') + 1
  const folder = part.slice(0, slash)
  const name = `${folder}_rels/${part.slice(slash)}.rels`
  const relations: Relation[] = []
  if (!zip.has(name)) return relations
  await readAll(zip, name, {
    open(tag, { Id = '', Type = '', Target = '', TargetMode }) {
      if (tag !== 'Relationship' || TargetMode === 'External') return
      pushTo(relations, { id: Id, type: Type.slice(Type.lastIndexOf('/') + 1), part: resolvePart(folder, Target) })
    },
  })
  return relations
}

/** A name within the archive; it never names anything on a disk. */
function resolvePart(folder: string, target: string): string {
  const segments = target.startsWith('/') ? [] : folder.split('/').filter((segment) => segment !== '')
  for (const segment of target.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return segments.join('/')
}

/** How the numbers of each style are shown. Without styles all are numbers. */
export async function readStyles(zip: ZipParts, part: string | null): Promise<NumberKind[]> {
  if (part === null || !zip.has(part)) return []
  const formats = new Map<number, NumberKind>()
  const kinds: NumberKind[] = []
  let isWithin = false
  await readAll(zip, part, {
    open(name, { numFmtId = '0', formatCode = '' }) {
      const id = Number(numFmtId)
      if (name === 'numFmt' && formats.size < MAX_ITEMS) formats.set(id, kindOfFormat(formatCode))
      if (name === 'cellXfs') isWithin = true
      if (name === 'xf' && isWithin) pushTo(kinds, formats.get(id) ?? kindOfBuiltIn(id))
    },
    close(name) {
      if (name === 'cellXfs') isWithin = false
    },
  })
  return kinds
}

async function readAll(zip: ZipParts, part: string, handler: XmlHandler): Promise<void> {
  for await (const _piece of parseXml(zip.read(part), handler)) continue
}

function pushTo<T>(list: T[], item: T): void {
  if (list.length >= MAX_ITEMS) throw new CsvProblem('SPREADSHEET_TOO_LARGE', null)
  list.push(item)
}

function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true'
}
