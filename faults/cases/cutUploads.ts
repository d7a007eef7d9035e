import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { once } from 'node:events'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { check, until } from '../lab/check.ts'
import { importSite } from '../lab/importFiles.ts'
import type { ServerProcess } from '../lab/ServerProcess.ts'
import type { Site } from '../lab/Site.ts'

const BYTES = 4_000_000
const MAX_MORE_FILES = 5

/** Uploads whose sender resets the connection half-way: nothing of them stays, neither rows nor files nor handles. */
export async function cutUploads(lab: Lab): Promise<Numbers> {
  const count = lab.rounds(200, 20)
  const { site, server } = await importSite(lab)
  await cut(site)
  await untilNothing(lab, site)
  const before = { fds: handlesOf(server), files: temporaryFiles() }
  for (let n = 0; n < count; n++) await cut(site)
  await untilNothing(lab, site)
  const settled = () => (handlesOf(server) <= before.fds + MAX_MORE_FILES ? true : null)
  await until('handles as before', settled, { limitMs: lab.limit(15_000) })
  const left = temporaryFiles().filter((name) => !before.files.includes(name))
  check(left.length === 0, `These temporary files are left: ${left.join(', ')}`)
  const campaigns = await site.query('select 1 from campaigns')
  check(campaigns.length === 0, 'There is a campaign that nobody created.')
  check(!server.hasEnded, `The server ended: ${server.lastWords}`)
  return { 'uploads cut off': count, 'handles before': before.fds, 'handles after': handlesOf(server) }
}

async function cut(site: Site): Promise<void> {
  const { hostname, port, host } = new URL(site.api.address)
  const { cookie = '' } = site.api.headers()
  const head =
    '--b\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\nnome;telefone\n' +
    'Ana;11987650000\n'.repeat(BYTES / 32)
  const request = `POST /api/user/imports HTTP/1.1\r\nhost: ${host}\r\norigin: ${site.api.address}\r\ncookie: ${cookie}\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: ${BYTES}\r\n\r\n`
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(request)
  await new Promise((done) => socket.write(head, done))
  socket.resetAndDestroy()
  await once(socket, 'close')
}

async function untilNothing(lab: Lab, site: Site): Promise<void> {
  const look = async () => {
    const [row] = await site.query<{ left: number }>(
      'select ((select count(*) from upload_chunks) + (select count(*) from contact_imports))::int as left',
    )
    return row?.left === 0 ? true : null
  }
  await until('nothing of the uploads', look, { limitMs: lab.limit(20_000), everyMs: 100 })
}

function handlesOf({ pid }: ServerProcess): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Other programs use the folder, too: only names that an upload could have are looked at. */
function temporaryFiles(): string[] {
  return readdirSync(tmpdir()).filter((name) => /upload|multipart|\.csv$|\.xlsx$|busboy/i.test(name))
}
