import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { check, until } from '../lab/check.ts'
import { importFile, importSite } from '../lab/importFiles.ts'
import { peakRssDuring } from '../lab/observe.ts'
import type { Site } from '../lab/Site.ts'

const MAX_RSS_MB = 300
const BYTES_A_SECOND = 10_000
const CLOSED_WITHIN_MS = 5000
/** Longer than what the system itself buffers on a connection, all rows together. */
const PADDING = 'de Alcântara Francisco Antônio João Carlos Xavier de Paula Miguel Rafael Joaquim José Gonzaga'

/** A report of a whole file read at 10 KB/s and then abandoned: it costs no memory, and nothing is read for nobody. */
export async function slowReader(lab: Lab): Promise<Numbers> {
  const size = lab.rounds(1_000_000, 100_000)
  const seconds = lab.rounds(60, 4)
  const { site, server } = await importSite(lab)
  const rows = Array.from({ length: size }, (_, n) => `Pessoa ${n} ${PADDING};não tem\n`)
  const row = await importFile(lab, site, new Blob(['nome;telefone\nAna;11987650000\n', ...rows]))
  check(row.rejected === size, `Of ${size} rows ${row.rejected} were refused.`)
  let socket: Socket | null = null
  let read = 0
  const peak = await peakRssDuring(server, async () => {
    socket = await askFor(site, `/api/user/imports/${row.id}/rejected.csv`)
    read = await readSlowly(socket, seconds)
  })
  check(peak <= MAX_RSS_MB, `A slow reader cost ${peak} MB.`)
  check(read > 0, 'Nothing came.')
  const answered = await queriesOf(site)
  ;(socket as Socket | null)?.resetAndDestroy()
  const from = performance.now()
  await until('the end of the reading', async () => ((await isReading(site)) ? null : true), {
    limitMs: lab.limit(CLOSED_WITHIN_MS),
    everyMs: 50,
  })
  const after = Math.round(performance.now() - from)
  // A report is read in pages of a thousand: whoever reads slowly does not make the server read ahead.
  check(answered <= size / 1000 / 2, `${answered} pages were read for ${read} bytes.`)
  const next = await site.api.send('GET', '/api/me')
  check(next.status === 200, `The next request was answered ${next.status}.`)
  return {
    'refused rows': size,
    'bytes read': read,
    'most RSS, MB': peak,
    'pages read': answered,
    'ended after the abort, ms': after,
  }
}

async function askFor(site: Site, path: string): Promise<Socket> {
  const { hostname, port, host } = new URL(site.api.address)
  const { cookie = '' } = site.api.headers()
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.pause()
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\ncookie: ${cookie}\r\n\r\n`)
  return socket
}

async function readSlowly(socket: Socket, seconds: number): Promise<number> {
  let read = 0
  for (let tenth = 0; tenth < seconds * 10; tenth++) {
    await sleep(100)
    const bytes = socket.read(BYTES_A_SECOND / 10) as Buffer | null
    read += bytes?.length ?? 0
  }
  return read
}

/** How often the refused rows were looked up so far: once for each page, and once for the width of the report. */
async function queriesOf(site: Site): Promise<number> {
  const [row] = await site.query<{ scans: number }>(
    `select coalesce(sum(idx_scan), 0)::int as scans from pg_stat_user_tables where relname = 'import_rejections'`,
  )
  return row?.scans ?? 0
}

async function isReading(site: Site): Promise<boolean> {
  const rows = await site.query(
    `select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
      and backend_type = 'client backend' and (state <> 'idle' and query ilike '%import_rejections%')`,
  )
  return rows.length > 0
}
