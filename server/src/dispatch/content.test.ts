import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CampaignProgress } from '#contract/campaigns.ts'
import type { SingleMessage } from '#contract/messages.ts'
import type { LedgerLine } from '#server/sandbox/Ledger.ts'
import type { Script } from '#server/sandbox/settings.ts'
import { uploadMedium } from '#server/test/tenantThings.ts'
import { startWholeApp, type Method, type Person, type WholeApp } from '#server/test/wholeApp.ts'

const CAMPAIGNS = '/api/user/bulk-campaigns'
const ANA = { phone: '+5511987654321', name: 'Ana Souza', variables: { Cupom: 'A-20', Empresa: 'Casa Verde' } }
const BIA = { phone: '+351912345678', name: 'Bia' }

/** The smallest beginnings that pass for their kinds. */
const FILES = {
  image: { name: 'foto.png', type: 'image/png', bytes: Buffer.from('89504e470d0a1a0a0001', 'hex') },
  video: { name: 'filme.mp4', type: 'video/mp4', bytes: Buffer.from('\0\0\0\x20ftypisom\0\x01', 'latin1') },
  audio: { name: 'voz.ogg', type: 'audio/ogg', bytes: Buffer.from('OggS\0\x01OpusHead', 'latin1') },
  document: { name: 'Tabela de preços.pdf', type: 'application/pdf', bytes: Buffer.from('%PDF-1.7 x') },
}

let whole: WholeApp
let user: Person
const mediaIds: Record<string, string> = {}

beforeAll(async () => {
  whole = await startWholeApp({ ROLE: 'all' })
  user = await whole.signIn('user')
  for (const [kind, file] of Object.entries(FILES)) mediaIds[kind] = await uploadMedium(whole, user, file)
}, 60_000)
afterAll(() => whole.close())

async function call<T>(method: Method, url: string, payload?: unknown): Promise<T> {
  const answer = await whole.call(user, method, url, { payload })
  expect([url, answer.statusCode, answer.body]).toEqual([url, expect.toBeOneOf([200, 201]), expect.anything()])
  return answer.json<T>()
}

/** A channel of its own, and how the gateway's ledger calls it. */
async function newChannel(script?: Script): Promise<{ id: string; ledger: (kind?: string) => Promise<LedgerLine[]> }> {
  const token = randomUUID()
  const line = await whole.sandbox.register(token)
  if (script !== undefined) await whole.sandbox.setScript(line, script)
  const body = { name: token, gateway: 'wuzapi', baseUrl: whole.sandbox.url, token, minDelay: 0 }
  const { id } = await call<{ id: string }>('POST', '/api/user/channels', body)
  return { id, ledger: (kind = 'accepted') => whole.sandbox.ledger(line, kind) }
}

/** By the API; then without its pauses, which are five seconds at least. */
async function newCampaign(channelId: string, messages: object[], more: object = {}): Promise<string> {
  const { campaignId } = await call<{ campaignId: string }>('POST', CAMPAIGNS, {
    name: randomUUID(),
    channelId,
    messages,
    recipients: { contacts: [ANA] },
    delayMin: 5,
    delayMax: 5,
    ...more,
  })
  await whole.db
    .updateTable('campaigns')
    .set({ delay_min_ms: 0, delay_max_ms: 0 })
    .where('id', '=', campaignId)
    .execute()
  await call('POST', `${CAMPAIGNS}/${campaignId}/start`)
  return campaignId
}

async function untilCompleted(id: string): Promise<CampaignProgress> {
  for (const deadline = Date.now() + 20_000; ; await sleep(50)) {
    const progress = await call<CampaignProgress>('GET', `${CAMPAIGNS}/${id}/progress`)
    if (progress.status === 'completed') return progress
    if (Date.now() > deadline) throw new Error(`It did not end: ${JSON.stringify(progress)}`)
  }
}

async function sent(channelId: string, messages: object[], more: object = {}): Promise<CampaignProgress> {
  return untilCompleted(await newCampaign(channelId, messages, more))
}

/** What the gateway has read, as the adapter's contract says that it is written. */
const textBody = (line: LedgerLine, text: string) =>
  JSON.stringify({ Phone: line.number, Id: line.messageId, Body: text, LinkPreview: false })
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const dataUrl = (type: string, { bytes }: { bytes: Buffer }) => `data:${type};base64,${bytes.toString('base64')}`

function bodyOf(line: LedgerLine, fields: object): string {
  return JSON.stringify({ Phone: line.number, Id: line.messageId, ...fields })
}

describe('every kind of message', () => {
  it('goes out in its order to each recipient, with their variables, as the gateway wants it', async () => {
    const channel = await newChannel()
    const messages = [
      {
        type: 'text',
        content: '{{primeiro_nome}}, {{cupom | default: "sem cupom"}} {{empresa}} {{telefone}}{{falta}}',
      },
      { type: 'image', mediaId: mediaIds['image'], content: 'Para {{nome}}' },
      { type: 'video', mediaId: mediaIds['video'], content: '{{falta}}' },
      { type: 'document', mediaId: mediaIds['document'], content: 'Preços', fileName: 'Preços 2026.pdf' },
      { type: 'document', mediaId: mediaIds['document'] },
      { type: 'audio', mediaId: mediaIds['audio'] },
    ]
    const { stats } = await sent(channel.id, messages, { recipients: { contacts: [ANA, BIA] } })
    expect(stats).toMatchObject({ total: 2, sent: 2 })
    const lines = await channel.ledger()
    const expected = (line: LedgerLine, name: string, first: string) => [
      textBody(line, first),
      bodyOf(line, { MimeType: 'image/png', Caption: `Para ${name}`, Image: dataUrl('image/png', FILES.image) }),
      bodyOf(line, { MimeType: 'video/mp4', Video: dataUrl('video/mp4', FILES.video) }),
      bodyOf(line, {
        FileName: 'Preços 2026.pdf',
        MimeType: 'application/pdf',
        Caption: 'Preços',
        Document: dataUrl('application/octet-stream', FILES.document),
      }),
      bodyOf(line, {
        FileName: 'Tabela de preços.pdf',
        MimeType: 'application/pdf',
        Document: dataUrl('application/octet-stream', FILES.document),
      }),
      bodyOf(line, {
        ptt: true,
        mimetype: 'audio/ogg; codecs=opus',
        Audio: dataUrl('audio/ogg', FILES.audio),
      }),
    ]
    for (const [person, first] of [
      [ANA, 'Ana, A-20 Casa Verde +5511987654321'],
      [BIA, 'Bia, sem cupom  +351912345678'],
    ] as const) {
      const theirs = lines.filter(({ number }) => `+${number}` === person.phone)
      expect(theirs.map(({ type }) => type)).toEqual(['text', 'image', 'video', 'document', 'document', 'audio'])
      const bodies = theirs.map((line, step) => sha256(expected(line, person.name, first)[step] ?? ''))
      expect(theirs.map(({ bodySha256 }) => bodySha256)).toEqual(bodies)
    }
    expect(new Set(lines.map(({ messageId }) => messageId)).size).toBe(12)
  })

  it('goes out as a single message, too', async () => {
    const channel = await newChannel()
    const message = { type: 'image', mediaId: mediaIds['image'], content: 'Oi {{primeiro_nome}}' }
    const { messageId } = await call<SingleMessage>('POST', '/api/user/messages', {
      channelId: channel.id,
      ...ANA,
      message,
    })
    const [line] = await untilLines(channel.ledger)
    const body = { MimeType: 'image/png', Caption: 'Oi Ana', Image: dataUrl('image/png', FILES.image) }
    expect(line?.bodySha256).toBe(sha256(bodyOf(line as LedgerLine, body)))
    expect((await call<SingleMessage>('GET', `/api/user/messages/${messageId}`)).message).toEqual(message)
  })

  it.each([
    ['a bidirectional override', 'a\u202ebc\u202c \u200f'],
    ['a family and flags', '👨‍👩‍👧‍👦 🇧🇷🇵🇹 👍🏽'],
    ['marks upon marks', `Z${'\u0335'.repeat(2000)}`],
    ['one letter in two forms', 'é e\u0301'],
    ['ends of lines of all kinds', 'a\u2028b\u2029c\r\nd\u0085e'],
    ['what looks like a template', '{{nome}} {% if %} ${7*7} <%= 1 %>'],
  ])('carries %s as it is', async (_what, text) => {
    const channel = await newChannel()
    await sent(channel.id, [{ type: 'text', content: '[{{Texto}}]' }], {
      recipients: { contacts: [{ ...ANA, variables: { Texto: text } }] },
    })
    const [line] = await channel.ledger()
    expect(line?.bodySha256).toBe(sha256(textBody(line as LedgerLine, `[${text}]`)))
  })
})

async function untilLines(ledger: () => Promise<LedgerLine[]>, count = 1): Promise<LedgerLine[]> {
  for (const deadline = Date.now() + 15_000; ; await sleep(50)) {
    const lines = await ledger()
    if (lines.length >= count) return lines
    if (Date.now() > deadline) throw new Error(`Only ${lines.length} of ${count} came.`)
  }
}

describe('date and greeting', () => {
  it.each(['America/Manaus', 'Europe/Lisbon', 'Asia/Tokyo'])(
    'are those of %s, where the campaign is',
    async (timeZone) => {
      const channel = await newChannel()
      const id = await newCampaign(channel.id, [{ type: 'text', content: '{{data}} {{saudacao}}' }], { timeZone })
      await untilCompleted(id)
      const [line] = await channel.ledger()
      // When it was made is the one thing that the ledger does not say.
      const { rendered_at: at } = await whole.db
        .selectFrom('campaign_contacts')
        .select('rendered_at')
        .where('campaign_id', '=', id)
        .executeTakeFirstOrThrow()
      const [date = '', hour = ''] = new Intl.DateTimeFormat('pt-BR', {
        timeZone,
        dateStyle: 'short',
        timeStyle: 'short',
      })
        .format(at ?? new Date(0))
        .split(', ')
      const h = Number(hour.slice(0, 2))
      const greeting = h < 5 || h >= 18 ? 'Boa noite' : h < 12 ? 'Bom dia' : 'Boa tarde'
      expect(line?.bodySha256).toBe(sha256(textBody(line as LedgerLine, `${date} ${greeting}`)))
    },
  )

  it('stay as they were in a resend, also when the zone of the campaign was changed in between', async () => {
    const channel = await newChannel({ '*': [{ kind: 'resetAfterAccept' }] })
    const content = '{{"now" | date: "%H:%M %z"}}'
    const id = await newCampaign(channel.id, [{ type: 'text', content }], { timeZone: 'America/Manaus' })
    await untilLines(channel.ledger)
    // Whoever takes the campaign up again reads it anew.
    await call('POST', `${CAMPAIGNS}/${id}/pause`)
    await call('PATCH', `${CAMPAIGNS}/${id}/config`, { timeZone: 'Asia/Tokyo', delayMin: 5, delayMax: 5 })
    await call('POST', `${CAMPAIGNS}/${id}/resume`)
    await untilCompleted(id)
    const [first, second] = await untilLines(channel.ledger, 2)
    expect(second).toMatchObject({ duplicate: true, messageId: first?.messageId, bodySha256: first?.bodySha256 })
  })

  it('are those of the zone that a draft was given last', async () => {
    const channel = await newChannel()
    const { campaignId } = await call<{ campaignId: string }>('POST', CAMPAIGNS, {
      name: 'Rascunho',
      channelId: channel.id,
      messages: [{ type: 'text', content: '{{"now" | date: "%z"}}' }],
      recipients: { contacts: [ANA] },
      delayMin: 5,
      delayMax: 5,
      timeZone: 'America/Manaus',
    })
    await call('PATCH', `${CAMPAIGNS}/${campaignId}/config`, { timeZone: 'Asia/Tokyo' })
    await call('POST', `${CAMPAIGNS}/${campaignId}/start`)
    await untilCompleted(campaignId)
    const [line] = await channel.ledger()
    expect(line?.bodySha256).toBe(sha256(textBody(line as LedgerLine, '+0900')))
  })
})

const UNREADABLE = 'could not decode image for thumbnail preparation: image: unknown format'

describe('a file that cannot be sent', () => {
  const picture = (more: object = {}) => ({ type: 'image', mediaId: mediaIds['image'], content: 'Foto', ...more })
  const fallback = { textFallback: 'Sem foto, {{primeiro_nome}}' }

  it('is recorded as a failure, and its text goes under the same id', async () => {
    const channel = await newChannel({ '*': [{ kind: 'error', error: UNREADABLE }] })
    const messages = [picture(fallback), { type: 'text', content: 'Depois' }]
    const progress = await sent(channel.id, messages)
    expect(progress.stats).toMatchObject({ total: 1, sent: 1, failed: 0 })
    expect(progress.recentErrors).toMatchObject([{ category: 'API_ERROR', code: 'IMAGE_UNREADABLE' }])
    const lines = (await channel.ledger('')).filter(({ kind }) => kind !== 'read')
    expect(lines.map(({ kind, type }) => `${kind} ${type}`)).toEqual([
      'refused image',
      'accepted text',
      'accepted text',
    ])
    expect(lines[1]?.messageId).toBe(lines[0]?.messageId)
    expect(lines[1]?.bodySha256).toBe(sha256(textBody(lines[1] as LedgerLine, 'Sem foto, Ana')))
    expect(lines[2]?.bodySha256).toBe(sha256(textBody(lines[2] as LedgerLine, 'Depois')))
  })

  it('stays text in a resend: what may have arrived is repeated byte for byte', async () => {
    const channel = await newChannel({ '*': [{ kind: 'error', error: UNREADABLE }, { kind: 'resetAfterAccept' }] })
    const { stats } = await sent(channel.id, [picture(fallback)])
    expect(stats).toMatchObject({ sent: 1 })
    const lines = await channel.ledger()
    expect(lines.map(({ type }) => type)).toEqual(['text', 'text'])
    expect(lines[1]).toMatchObject({ duplicate: true, bodySha256: lines[0]?.bodySha256 })
    expect(lines[1]?.bodyChanged).toBeUndefined()
  })

  it('fails its recipient where no text was asked for', async () => {
    const channel = await newChannel({ '*': [{ kind: 'error', error: UNREADABLE }] })
    const { stats } = await sent(channel.id, [picture()])
    expect([stats, await channel.ledger()]).toMatchObject([{ failed: 1, sent: 0 }, []])
  })

  it('and whose text is refused as well fails its recipient', async () => {
    const error = 'error sending message: server returned error 400'
    const channel = await newChannel({
      '*': [
        { kind: 'error', error: UNREADABLE },
        { kind: 'error', error },
      ],
    })
    const { stats, recentErrors } = await sent(channel.id, [picture(fallback)])
    expect([stats.failed, recentErrors.map(({ code }) => code).toSorted()]).toEqual([
      1,
      ['IMAGE_UNREADABLE', 'SERVER_ERROR_400'],
    ])
  })

  it('is not replaced where the number is what is wrong', async () => {
    const channel = await newChannel({
      '*': [{ kind: 'error', error: 'no LID found for 5511987654321@s.whatsapp.net' }],
    })
    const { stats } = await sent(channel.id, [picture(fallback)])
    expect([stats.failed, (await channel.ledger('read')).map(({ type }) => type)]).toEqual([1, ['image']])
  })

  it('because it is gone is replaced, too', async () => {
    const channel = await newChannel()
    const mediaId = await uploadMedium(whole, user, {
      ...FILES.image,
      bytes: Buffer.concat([FILES.image.bytes, Buffer.from('x')]),
    })
    const { campaignId } = await call<{ campaignId: string }>('POST', CAMPAIGNS, {
      name: 'x',
      channelId: channel.id,
      messages: [{ ...picture(fallback), mediaId }],
      recipients: { contacts: [ANA] },
      delayMin: 5,
      delayMax: 5,
    })
    await whole.db.deleteFrom('media').where('id', '=', mediaId).execute()
    await call('POST', `${CAMPAIGNS}/${campaignId}/start`)
    const { recentErrors } = await untilCompleted(campaignId)
    expect(recentErrors).toMatchObject([
      { code: 'TEMPLATE', message: 'The file of this message is not there any more.' },
    ])
    expect((await channel.ledger()).map(({ type }) => type)).toEqual(['text'])
  })
})

describe('a text that becomes too long', () => {
  it.each([
    ['text', { type: 'text', content: '{{a}}' }, 4096],
    ['caption', { type: 'image', content: '{{a}}' }, 1024],
  ])('as a %s fails the one recipient for whom it does', async (_what, message, most) => {
    const channel = await newChannel()
    const of = (phone: string, length: number) => ({ phone, variables: { a: 'é'.repeat(length) } })
    const contacts = [of('+5511987650001', most - 1), of('+5511987650002', most), of('+5511987650003', most)]
    const bare = message.type === 'image' ? { ...message, mediaId: mediaIds['image'] } : message
    const longer = { ...bare, content: `${bare.content}{{ultimo}}` }
    const last = { ...contacts[2], variables: { a: 'é'.repeat(most), ultimo: 'é' } }
    const progress = await sent(channel.id, [longer], { recipients: { contacts: [...contacts.slice(0, 2), last] } })
    expect(progress.stats).toMatchObject({ total: 3, sent: 2, failed: 1 })
    expect(progress.recentErrors).toMatchObject([
      { code: 'TEMPLATE', message: `The text is longer than ${most} characters.` },
    ])
    expect((await channel.ledger()).map(({ number }) => number)).not.toContain('5511987650003')
  })

  it.each([
    [{ type: 'text', content: `{{a}}${'x'.repeat(4091)}` }, 201],
    [{ type: 'image', content: `${'x'.repeat(1024)}{{a}}` }, 201],
    [{ type: 'image', content: `${'x'.repeat(1025)}{{a}}` }, 422],
    [{ type: 'image', content: `${'x'.repeat(1000)}{% if a %}${'y'.repeat(500)}{% endif %}` }, 201],
  ])('for everybody is refused when the campaign is made: %#', async (message, expected) => {
    const channel = await newChannel()
    const messages = [message.type === 'image' ? { ...message, mediaId: mediaIds['image'] } : message]
    const payload = {
      name: 'x',
      channelId: channel.id,
      messages,
      recipients: { contacts: [ANA] },
      delayMin: 5,
      delayMax: 5,
    }
    const answer = await whole.call(user, 'POST', CAMPAIGNS, { payload })
    expect([answer.statusCode, answer.body]).toEqual([expected, expect.anything()])
  })
})

describe('a medium that cannot go with the message', () => {
  it.each([
    ['that is not there', () => ({ type: 'image', mediaId: randomUUID() })],
    ['of another kind', () => ({ type: 'image', mediaId: mediaIds['video'] })],
  ])('%s is named when the message is made', async (_what, messageOf) => {
    const channel = await newChannel()
    const common = { channelId: channel.id, recipients: { contacts: [ANA] }, delayMin: 5, delayMax: 5, name: 'x' }
    const message = messageOf()
    const text = { type: 'text', content: 'Olá' }
    const campaign = await whole.call(user, 'POST', CAMPAIGNS, { payload: { ...common, messages: [text, message] } })
    const single = await whole.call(user, 'POST', '/api/user/messages', {
      payload: { channelId: channel.id, ...ANA, message },
    })
    expect([campaign.statusCode, campaign.json()]).toMatchObject([
      422,
      { error: { details: [{ field: 'messages.1.mediaId' }] } },
    ])
    expect([single.statusCode, single.json()]).toMatchObject([
      422,
      { error: { details: [{ field: 'message.mediaId' }] } },
    ])
    const draft = await call<{ campaignId: string }>('POST', CAMPAIGNS, { ...common, messages: [text] })
    const edit = await whole.call(user, 'PATCH', `${CAMPAIGNS}/${draft.campaignId}/config`, {
      payload: { messages: [message] },
    })
    expect(edit.statusCode).toBe(422)
  })

  it("because it is somebody else's is to us one that is not there", async () => {
    const somebody = await whole.signIn('user')
    const foreign = await uploadMedium(whole, somebody, FILES.image)
    const channel = await newChannel()
    const ask = async (mediaId: string) => {
      const payload = { channelId: channel.id, ...ANA, message: { type: 'image', mediaId } }
      return (await whole.call(user, 'POST', '/api/user/messages', { payload })).body
    }
    expect(await ask(foreign)).toBe(await ask(randomUUID()))
  })

  it('stays while a campaign is to use it, however the two meet', async () => {
    const channel = await newChannel()
    for (let n = 0; n < 10; n++) {
      const bytes = Buffer.concat([FILES.image.bytes, Buffer.from(randomUUID())])
      const mediaId = await uploadMedium(whole, user, { ...FILES.image, bytes })
      const payload = {
        name: 'x',
        channelId: channel.id,
        messages: [{ type: 'image', mediaId }],
        recipients: { contacts: [ANA] },
        delayMin: 5,
        delayMax: 5,
      }
      const [made, deleted] = await Promise.all([
        whole.call(user, 'POST', CAMPAIGNS, { payload }),
        whole.call(user, 'DELETE', `/api/user/media/${mediaId}`),
      ])
      expect([made.statusCode, deleted.statusCode]).toBeOneOf([
        [201, 409],
        [422, 204],
      ])
    }
  })
})
