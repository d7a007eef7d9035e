import { createHash, randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Medium } from '#contract/media.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { buildCampaign, buildChannel } from '#server/test/builders.ts'
import { createTestDatabase, type TestDatabase } from '#server/test/testDatabase.ts'
import { MediaCache, mediaLoader } from './MediaCache.ts'
import { mediaRoutes } from './mediaRoutes.ts'
import { MediaService } from './MediaService.ts'

const PATH = '/api/user/media'
/** As a browser does on our own pages. */
const OURS = { host: '127.0.0.1', origin: 'http://127.0.0.1' }
const MAX_MEDIA_BYTES = 6_000_000
const MIB = 1024 * 1024
const QUOTA_BYTES = 10 * MIB
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

let test: TestDatabase
let app: FastifyInstance
let user: { id: string; cookie: string }

beforeAll(async () => {
  test = await createTestDatabase()
  const media = new MediaService({ db: test.db, audit: new AuditLogger(), quotaBytes: QUOTA_BYTES })
  app = await createTestApp(test.db, { routes: [mediaRoutes({ media, maxMediaBytes: MAX_MEDIA_BYTES })] })
  await app.listen({ host: '127.0.0.1', port: 0 })
  user = await signInAs(app, test.db, 'user')
})
afterAll(async () => {
  await app.close()
  await test.close()
})

type File = { name?: string; type?: string; bytes?: Buffer; field?: string }

/** A picture of its own, `size` bytes long. */
function picture(size = 64): Buffer {
  return Buffer.concat([PNG, Buffer.from(randomUUID()), Buffer.alloc(Math.max(0, size - PNG.length - 36))])
}

function formOf({ name = 'foto.png', type = 'image/png', bytes = picture(), field = 'file' }: File, boundary: string) {
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="${field}"; filename="${name}"\r\ncontent-type: ${type}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)])
}

/** As it comes over the network. */
function inParts(body: Buffer): Buffer[] {
  const size = 64 * 1024
  return Array.from({ length: Math.ceil(body.length / size) }, (_, n) => body.subarray(n * size, (n + 1) * size))
}

function upload(file: File, who = user) {
  const boundary = randomUUID()
  return app.inject({
    method: 'POST',
    url: PATH,
    headers: { ...OURS, cookie: who.cookie, 'content-type': `multipart/form-data; boundary=${boundary}` },
    payload: Readable.from(inParts(formOf(file, boundary))),
  })
}

async function stored(file: File = {}, who = user): Promise<Medium> {
  const answer = await upload(file, who)
  expect([answer.statusCode, answer.body]).toEqual([201, expect.anything()])
  return answer.json<Medium>()
}

const call = (method: 'GET' | 'DELETE', path: string, who = user) =>
  app.inject({ method, url: PATH + path, headers: { ...OURS, cookie: who.cookie } })

const countOf = async (table: 'media' | 'media_chunks', who = user) =>
  (await test.db.selectFrom(table).selectAll().where('user_id', '=', who.id).execute()).length

describe('a file', () => {
  it('is stored in pieces, comes back byte for byte, and never to be shown by the browser', async () => {
    const bytes = picture(3 * MIB + 17)
    const medium = await stored({ name: "Promoção d'água (50%).png", bytes })
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(medium).toMatchObject({ kind: 'image', mimeType: 'image/png', bytes: bytes.length, sha256 })
    const got = await call('GET', `/${medium.id}/file`)
    expect(createHash('sha256').update(got.rawPayload).digest('hex')).toBe(sha256)
    expect(got.headers).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'content-disposition': expect.stringMatching(
        /^attachment; filename="[\x20-\x7e]+"; filename\*=UTF-8''Promo%C3%A7/,
      ) as string,
    })
    expect((await call('GET', `/${medium.id}`)).json()).toEqual(medium)
  })

  it('is kept once for an account, whatever it is called, and apart from those of others', async () => {
    const bytes = picture()
    const somebody = await signInAs(app, test.db, 'user')
    const first = await stored({ bytes }, somebody)
    expect(await stored({ name: 'outra.png', bytes }, somebody)).toEqual(first)
    const together = await Promise.all(Array.from({ length: 5 }, () => stored({ bytes }, somebody)))
    expect(new Set(together.map(({ id }) => id))).toEqual(new Set([first.id]))
    expect([await countOf('media', somebody), await countOf('media_chunks', somebody)]).toEqual([1, 1])
    expect((await stored({ bytes })).id).not.toBe(first.id)
    expect((await call('GET', `/${first.id}/file`)).statusCode).toBe(404)
  })

  it.each([
    ['is not what it says', { type: 'image/jpeg' }, 422, 'file'],
    ['is not what its name says', { name: 'foto.jpg' }, 422, 'file'],
    [
      'is of a type that WhatsApp does not take',
      { name: 'a.html', type: 'text/html', bytes: Buffer.from('<p>') },
      422,
      'file',
    ],
    ['is empty', { bytes: Buffer.alloc(0) }, 422, 'file'],
    ['stands in another field', { field: 'arquivo' }, 400, 'arquivo'],
  ] as [string, File, number, string][])(
    'that %s is refused and leaves nothing',
    async (_what, file, status, field) => {
      const before = [await countOf('media'), await countOf('media_chunks')]
      const answer = await upload(file)
      expect([answer.statusCode, answer.json()]).toMatchObject([status, { error: { details: [{ field }] } }])
      expect([await countOf('media'), await countOf('media_chunks')]).toEqual(before)
    },
  )

  it('larger than its kind or than the setting allows is refused and leaves nothing', async () => {
    const before = [await countOf('media'), await countOf('media_chunks')]
    const kind = await upload({ bytes: picture(5 * MIB + 1) })
    expect([kind.statusCode, kind.json()]).toMatchObject([
      413,
      { error: { details: { kind: 'image', maxBytes: 5 * MIB } } },
    ])
    const pdf = Buffer.concat([Buffer.from('%PDF-1.7'), Buffer.alloc(MAX_MEDIA_BYTES)])
    expect((await upload({ name: 'a.pdf', type: 'application/pdf', bytes: pdf })).statusCode).toBe(413)
    expect([await countOf('media'), await countOf('media_chunks')]).toEqual(before)
  })

  it('for which the account has no room left is refused, also when several come together', async () => {
    const somebody = await signInAs(app, test.db, 'user')
    const answers = await Promise.all(Array.from({ length: 4 }, () => upload({ bytes: picture(4 * MIB) }, somebody)))
    expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([201, 201, 413, 413])
    const refused = answers.find(({ statusCode }) => statusCode === 413)
    expect(refused?.json()).toMatchObject({ error: { details: { quotaBytes: QUOTA_BYTES } } })
    expect([await countOf('media', somebody), (await upload({}, somebody)).statusCode]).toEqual([2, 201])
  })

  it('that breaks off half way leaves nothing', async () => {
    const somebody = await signInAs(app, test.db, 'user')
    for (let n = 0; n < 5; n++) {
      await breakOff(somebody)
      await untilNothing(somebody)
    }
    expect([await countOf('media', somebody), await countOf('media_chunks', somebody)]).toEqual([0, 0])
  })

  it('whose process died goes with the next upload, a day later', async () => {
    const somebody = await signInAs(app, test.db, 'user')
    const values = { user_id: somebody.id, kind: 'image', mime_type: 'image/png', file_name: 'x.png' } as const
    const { id } = await test.db
      .insertInto('media')
      .values({ ...values, created_at: new Date(Date.now() - 25 * 3_600_000) })
      .returning('id')
      .executeTakeFirstOrThrow()
    await test.db
      .insertInto('media_chunks')
      .values({ user_id: somebody.id, media_id: id, seq: 0, bytes: PNG })
      .execute()
    expect((await call('GET', `/${id}`, somebody)).statusCode).toBe(404)
    await stored({}, somebody)
    expect([await countOf('media', somebody), await countOf('media_chunks', somebody)]).toEqual([1, 1])
  })
})

/** Sends half a picture, and resets the connection when something of it is stored. */
async function breakOff(who: { id: string; cookie: string }): Promise<void> {
  const { port } = app.server.address() as { port: number }
  const body = formOf({ bytes: picture(2 * MIB) }, 'cut')
  const socket = connect(port, '127.0.0.1')
  const head = `POST ${PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: http://127.0.0.1\r\ncookie: ${who.cookie}\r\ncontent-type: multipart/form-data; boundary=cut\r\ncontent-length: ${body.length}\r\n\r\n`
  socket.on('error', () => undefined)
  await new Promise<void>((resolve) =>
    socket.write(Buffer.concat([Buffer.from(head), body.subarray(0, MIB)]), () => resolve()),
  )
  while ((await countOf('media', who)) === 0) await sleep(10)
  socket.resetAndDestroy()
}

async function untilNothing(who: { id: string; cookie: string }): Promise<void> {
  const deadline = Date.now() + 5000
  while ((await countOf('media', who)) > 0 && Date.now() < deadline) await sleep(50)
}

describe('a medium is deleted', () => {
  it('by its owner, with its bytes and a trace', async () => {
    const medium = await stored()
    expect((await call('DELETE', `/${medium.id}`)).statusCode).toBe(204)
    expect((await call('GET', `/${medium.id}`)).statusCode).toBe(404)
    const chunks = await test.db.selectFrom('media_chunks').selectAll().where('media_id', '=', medium.id).execute()
    const trail = await test.db
      .selectFrom('audit_events')
      .select('action')
      .where('target', '=', medium.id)
      .orderBy('id')
      .execute()
    expect([chunks, trail.map(({ action }) => action)]).toEqual([[], ['media-create', 'media-delete']])
  })

  it.each([
    ['draft', 409],
    ['scheduled', 409],
    ['running', 409],
    ['paused', 409],
    ['completed', 204],
    ['cancelled', 204],
  ] as const)('while a campaign that uses it is %s: %i', async (status, expected) => {
    const { id: mediaId } = await stored()
    const channel = await buildChannel(test.db, user.id)
    const campaign = await buildCampaign(test.db, { userId: user.id, channelId: channel.id }, { recipients: 1 })
    const messages = JSON.stringify([
      { type: 'text', content: 'Olá' },
      { type: 'image', mediaId },
    ])
    await test.db.updateTable('campaigns').set({ messages, status }).where('id', '=', campaign.id).execute()
    const answer = await call('DELETE', `/${mediaId}`)
    expect(answer.statusCode).toBe(expected)
    if (expected === 409)
      expect(answer.json()).toMatchObject({ error: { code: 'MEDIA_IN_USE', details: { campaigns: 1 } } })
  })

  it('not while a saved template uses it', async () => {
    const { id: mediaId } = await stored()
    const messages = JSON.stringify([{ type: 'image', mediaId }])
    await test.db
      .insertInto('message_templates')
      .values({ user_id: user.id, name: 'Foto', messages, needs: '[]' })
      .execute()
    const answer = await call('DELETE', `/${mediaId}`)
    expect([answer.statusCode, answer.json()]).toMatchObject([
      409,
      { error: { details: { campaigns: 0, templates: 1 } } },
    ])
  })
})

type Page = { items: Medium[]; nextCursor: string | null }

it('the list shows the newest first, page by page', async () => {
  const somebody = await signInAs(app, test.db, 'user')
  const ids = []
  for (let n = 0; n < 5; n++) ids.unshift((await stored({}, somebody)).id)
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Page = (await call('GET', `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`, somebody)).json<Page>()
    seen.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor
  }
  expect(seen).toEqual(ids)
})

describe('in memory', () => {
  it('a file is read once for all who need it, as the same object', async () => {
    const medium = await stored()
    let reads = 0
    const load = mediaLoader(test.db)
    const cache = new MediaCache((userId, id) => (reads++, load(userId, id)))
    const got = await Promise.all(Array.from({ length: 20 }, () => cache.get(user.id, medium.id)))
    expect([new Set(got).size, reads, got[0]?.mimeType]).toEqual([1, 1, 'image/png'])
  })

  it('are the files used last, as many as have room, and always the one asked for', async () => {
    const reads: string[] = []
    const cache = new MediaCache(async (_user, id) => {
      reads.push(id)
      return { bytes: Buffer.alloc(id === 'huge' ? 500 : 40), mimeType: 'image/png', fileName: 'x' }
    }, 100)
    for (const id of ['a', 'b', 'a', 'c', 'a', 'b', 'huge', 'huge', 'a']) await cache.get('u', id)
    expect(reads).toEqual(['a', 'b', 'c', 'b', 'huge', 'a'])
  })

  it('neither a failure nor a missing file is remembered', async () => {
    let call_ = 0
    const cache = new MediaCache(async () => {
      call_ += 1
      if (call_ === 1) throw new Error('The database is away.')
      return call_ === 2 ? null : { bytes: Buffer.alloc(1), mimeType: 'image/png', fileName: 'x' }
    })
    await expect(cache.get('u', 'a')).rejects.toThrow('away')
    expect(await cache.get('u', 'a')).toBeNull()
    expect(await cache.get('u', 'a')).not.toBeNull()
  })

  it("nobody gets somebody else's file, and half a file is none", async () => {
    const medium = await stored({ bytes: picture(MIB) })
    const load = mediaLoader(test.db)
    expect(await load(randomUUID(), medium.id)).toBeNull()
    await test.db.deleteFrom('media_chunks').where('media_id', '=', medium.id).where('seq', '=', 1).execute()
    expect((await load(user.id, medium.id)) === null).toBe(true)
  })
})
