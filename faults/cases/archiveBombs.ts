import { setTimeout as sleep } from 'node:timers/promises'
import type { ContactImport } from '#contract/imports.ts'
import { buildWorkbook, buildZip, sheetXml, workbookParts, type ZipPart } from '#server/test/buildWorkbook.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { check } from '../lab/check.ts'
import { checkEnd, importFile, importSite, type Refusal } from '../lab/importFiles.ts'
import { peakRssDuring, rssMiB } from '../lab/observe.ts'

const MAX_MORE_MB = 50
const MB = 1024 * 1024
const HEAR_MS = 100

const HEADER = '<row><c t="str"><v>nome</v></c><c t="str"><v>telefone</v></c></row>'
const ANA = '<row><c t="str"><v>Ana</v></c><c><v>11987650000</v></c></row>'
/** Wide enough that the bytes run out before the rows do. */
const WIDE_ROW = `<row>${'<c/>'.repeat(500)}</row>`
const GOOD = { sheets: { Plan1: HEADER + ANA } }

type Bomb = { name: string; file: (unpackedMb: number) => Buffer; refusal: Refusal }

const tooLarge = { reason: 'SPREADSHEET_TOO_LARGE', line: null } as const
const broken = { reason: 'SPREADSHEET_BROKEN', line: null } as const
const none = { reason: 'BINARY_FILE', line: null } as const

const BOMBS: Bomb[] = [
  { name: 'rows without end', file: (mb) => withSheet(sheetOf(WIDE_ROW, mb)), refusal: tooLarge },
  {
    name: 'people without end',
    file: (mb) => withSheet(sheetOf(`<row><c t="str"><v>${'Ana '.repeat(5000)}</v></c></row>`, mb)),
    refusal: tooLarge,
  },
  {
    name: 'shared texts without end',
    file: (mb) => buildWorkbook({ ...GOOD, sharedStrings: repeated(`<si><t>${'a'.repeat(1000)}</t></si>`, mb / 4) }),
    refusal: tooLarge,
  },
  {
    name: 'empty shared texts without end',
    file: (mb) => buildWorkbook({ ...GOOD, sharedStrings: repeated('<si/>', mb / 4) }),
    refusal: tooLarge,
  },
  {
    name: 'one text without end',
    file: (mb) => withSheet(sheetXml(`${HEADER}<row><c t="str"><v>${repeated('a', mb / 4)}</v></c></row>`)),
    refusal: { reason: 'ROW_TOO_LARGE', line: null },
  },
  {
    name: 'sizes that are said too small',
    file: (mb) => withSheet(sheetOf('<row><c/></row>', mb), { declaredSize: 1000 }),
    refusal: broken,
  },
  {
    name: 'sizes that are said too large',
    file: () => withSheet(sheetXml(HEADER + ANA), { declaredSize: 4_000_000_000 }),
    // What counts is what comes out, and here all is well with that.
    refusal: null,
  },
  { name: '60,000 parts', file: () => withParts(60_000, (n) => ({ name: `p${n}`, content: '' })), refusal: tooLarge },
  {
    name: 'an archive within an archive',
    file: (mb) => buildZip([{ name: 'a.zip', content: buildZip([{ name: 'b', content: repeated('a', mb) }]) }]),
    refusal: none,
  },
  {
    name: 'names that lead elsewhere',
    file: () => withParts(1, () => ({ name: '../../../../tmp/revoada-was-here', content: 'x' })),
    refusal: broken,
  },
  {
    name: 'entities within entities',
    file: () => withSheet(`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>`),
    refusal: broken,
  },
]

/** Archives that unpack to far more than they are, or that lie: each is judged by what really comes out of it. */
export async function archiveBombs(lab: Lab): Promise<Numbers> {
  const unpackedMb = lab.rounds(450, 220)
  const { site, server } = await importSite(lab)
  let most = 0
  for (const { name, file, refusal } of BOMBS) {
    lab.tell(name)
    const bytes = file(unpackedMb)
    // Making it took seconds, in which the server may have closed idle sockets: time to hear of that.
    await sleep(HEAR_MS)
    const before = rssMiB(server)
    let row: ContactImport | null = null
    const peak = await peakRssDuring(server, async () => {
      row = await importFile(lab, site, bytes)
    })
    check(row !== null, `${name}: not imported.`)
    checkEnd(name, row, refusal)
    const more = Math.round(peak - before - bytes.length / MB)
    check(more <= MAX_MORE_MB, `${name}: the process grew by ${more} MB.`)
    most = Math.max(most, more)
  }
  checkEnd('a good one', await importFile(lab, site, buildWorkbook(GOOD)), null)
  check(!server.hasEnded, `The server ended: ${server.lastWords}`)
  return {
    archives: BOMBS.length,
    'MB that each would be': unpackedMb,
    'most RSS more than before, MB': most,
  }
}

function withSheet(content: string, more: Partial<ZipPart> = {}): Buffer {
  return buildZip(
    workbookParts(GOOD).map((part) => (part.name.endsWith('sheet1.xml') ? { ...part, content, ...more } : part)),
  )
}

function withParts(count: number, partOf: (n: number) => ZipPart): Buffer {
  return buildWorkbook({ ...GOOD, more: Array.from({ length: count }, (_, n) => partOf(n)) })
}

function sheetOf(row: string, mb: number): string {
  return sheetXml(HEADER + repeated(row, mb))
}

function repeated(text: string, mb: number): string {
  return text.repeat(Math.ceil((mb * MB) / text.length))
}
