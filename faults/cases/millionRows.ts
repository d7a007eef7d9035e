import type { Lab, Numbers } from '../lab/Lab.ts'
import { askMeanwhile, p99 } from '../lab/askMeanwhile.ts'
import { check } from '../lab/check.ts'
import { downloadText, importFile, importSite } from '../lab/importFiles.ts'
import { peakRssDuring } from '../lab/observe.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

const MAX_RSS_MB = 300
const P99_MS = 300
const BAD_EVERY = 100

const BAD: [field: string, reason: string][] = [
  ['', 'O campo de telefone está vazio.'],
  ['não tem', 'O campo não contém um número de telefone legível: há letras ou sinais no lugar de dígitos.'],
  ['98765-4321', 'Falta o DDD.'],
  ['(11) 98765', 'Faltam dígitos no telefone.'],
]

/** A large file, one row in a hundred useless: the rest arrives, and each useless row is told with line and reason. */
export async function millionRows(lab: Lab): Promise<Numbers> {
  const size = lab.rounds(1_000_000, 20_000)
  const { site, server } = await importSite(lab)
  const others = askMeanwhile(site)
  const startedAt = performance.now()
  let id = ''
  const rss = await peakRssDuring(server, async () => {
    const row = await importFile(lab, site, fileOf(size))
    const bad = size / BAD_EVERY
    check(row.status === 'completed', `The import is ${row.status}.`)
    check(
      row.rows === size && row.accepted === size - bad && row.rejected === bad,
      `Of ${size} rows ${row.accepted} were accepted, ${row.rejected} refused, ${row.duplicates} repeated.`,
    )
    id = row.id
  })
  const seconds = (performance.now() - startedAt) / 1000
  const waited = p99(await others.stop())
  const report = await peakDuringReport(server, site, id, size)
  check(rss <= MAX_RSS_MB, `The import took ${rss} MB; ${MAX_RSS_MB} are allowed.`)
  check(report <= MAX_RSS_MB, `The report took ${report} MB; ${MAX_RSS_MB} are allowed.`)
  check(waited <= lab.limit(P99_MS), `One of 100 other requests waited ${waited} ms.`)
  return {
    rows: size,
    'upload and import, rows a second': Math.round(size / seconds),
    'most RSS, MB': Math.max(rss, report),
    "the others' p99, ms": waited,
  }
}

function fileOf(size: number): Blob {
  const parts = ['nome;telefone;cidade\n']
  for (let from = 0; from < size; from += 10_000) {
    const lines = Array.from({ length: Math.min(10_000, size - from) }, (_, n) => lineOf(from + n))
    parts.push(lines.join(''))
  }
  return new Blob(parts)
}

function lineOf(n: number): string {
  const bad = BAD[(n / BAD_EVERY) % BAD.length]
  const field = n % BAD_EVERY === 0 && bad !== undefined ? bad[0] : `(11) 9${60_000_000 + n}`
  return `Pessoa ${n} Ção;${field};São Paulo\n`
}

async function peakDuringReport(server: ServerProcess, site: Site, id: string, size: number): Promise<number> {
  return peakRssDuring(server, async () => {
    const lines = (await downloadText(site, id, 'rejected')).trimEnd().split('\r\n').slice(1)
    for (const [at, line] of lines.entries()) {
      const n = at * BAD_EVERY
      const [field, reason] = BAD[at % BAD.length] ?? []
      const expected = `"Pessoa ${n} Ção";"${field}";"São Paulo";"${n + 2}";"telefone";"${reason}"`
      check(line === expected, `The refused row ${at} is told as ${line}.`)
    }
    check(lines.length === size / BAD_EVERY, `The report has ${lines.length} rows.`)
  })
}
