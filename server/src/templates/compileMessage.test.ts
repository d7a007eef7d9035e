import { expect, it } from 'vitest'
import type { CampaignMessage } from '#contract/campaignMessages.ts'
import { AppError } from '#server/lib/AppError.ts'
import { compileFallback, compileMessage } from './compileMessage.ts'
import { recipientScope } from './recipientScope.ts'

const ana = {
  phone: '+5511912345678',
  name: 'Ana Souza',
  variables: { Cupom: 'A-20', Vazio: '' },
  renderedAt: new Date('2026-03-01T12:00:00Z'),
  timeZone: 'America/Sao_Paulo',
}

const OFFER: CampaignMessage = {
  type: 'template',
  name: 'spring_offer',
  language: 'pt_BR',
  header: { type: 'image', link: 'https://cdn.example.test/{{cupom}}.png' },
  body: [{ text: '{{saudacao}}, {{primeiro_nome}}' }, { text: '20%' }],
  buttons: [
    { kind: 'url', index: 0, value: 'ana?c={{cupom}}' },
    { kind: 'quickReply', index: 1, value: 'STOP' },
  ],
}

const MEDIA_ID = '7f1e8b0a-0000-4000-8000-000000000001'
const FILE = { bytes: Buffer.from('x'), mimeType: 'image/png', fileName: 'foto.png' }

function refusalOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    if (error instanceof AppError && error.code === 'TEMPLATE_INVALID') return error.details
    throw error
  }
  return null
}

it('an approved template gets the variables of its recipient in every part', () => {
  expect(compileMessage(OFFER)(recipientScope(ana))).toEqual({
    type: 'template',
    name: 'spring_offer',
    language: 'pt_BR',
    header: { type: 'image', link: 'https://cdn.example.test/A-20.png' },
    body: [
      { type: 'text', text: 'Bom dia, Ana' },
      { type: 'text', text: '20%' },
    ],
    buttons: [
      { kind: 'url', index: 0, value: 'ana?c=A-20' },
      { kind: 'quickReply', index: 1, value: 'STOP' },
    ],
  })
})

it('names of parameters are kept, and parts that the template does not have are not made up', () => {
  const message: CampaignMessage = {
    type: 'template',
    name: 'named',
    language: 'pt_BR',
    header: { type: 'text', text: '{{nome}}', name: 'who' },
    body: [{ text: '{{cupom}}', name: 'code' }],
  }
  expect(compileMessage(message)(recipientScope(ana))).toEqual({
    type: 'template',
    name: 'named',
    language: 'pt_BR',
    header: { type: 'text', text: 'Ana Souza', name: 'who' },
    body: [{ type: 'text', text: 'A-20', name: 'code' }],
  })
  expect(compileMessage({ type: 'template', name: 'plain', language: 'pt_BR' })(recipientScope(ana))).toEqual({
    type: 'template',
    name: 'plain',
    language: 'pt_BR',
  })
})

it('the same recipient and instant give the same message, however often and whenever it is made', () => {
  const made = () => JSON.stringify(compileMessage(OFFER)(recipientScope(ana)))
  expect(new Set([made(), made(), made()]).size).toBe(1)
})

it('a parameter that comes out empty is refused by its place: Meta would refuse the whole message', () => {
  const message: CampaignMessage = { ...OFFER, body: [{ text: '20%' }, { text: ' {{vazio}} ' }] }
  const compiled = compileMessage(message)
  expect(refusalOf(() => compiled(recipientScope(ana)))).toMatchObject({ field: 'body.1.text' })
})

it.each([
  [{ ...OFFER, body: [{ text: 'ok' }, { text: '{% if %}' }] }, 'body.1.text'],
  [{ ...OFFER, buttons: [{ kind: 'url', index: 0, value: '{{ a | nofilter }}' }] }, 'buttons.0.value'],
  [{ ...OFFER, header: { type: 'image', link: 'https://x.test/{{' } }, 'header.link'],
  [{ type: 'text', content: '{% if %}' }, 'content'],
] as [CampaignMessage, string][])('what cannot be parsed is named: %#', (message, field) => {
  expect(refusalOf(() => compileMessage(message))).toMatchObject({ field })
})

it.each([
  [
    { type: 'image', mediaId: MEDIA_ID, content: 'Oi {{nome}}' },
    { type: 'image', caption: 'Oi Ana Souza' },
  ],
  [{ type: 'image', mediaId: MEDIA_ID, content: ' {{vazio}} ' }, { type: 'image' }],
  [{ type: 'video', mediaId: MEDIA_ID }, { type: 'video' }],
  [{ type: 'audio', mediaId: MEDIA_ID, textFallback: 'Oi' }, { type: 'audio' }],
  [
    { type: 'document', mediaId: MEDIA_ID },
    { type: 'document', fileName: 'foto.png' },
  ],
  [
    { type: 'document', mediaId: MEDIA_ID, fileName: 'a.pdf' },
    { type: 'document', fileName: 'a.pdf' },
  ],
] as [CampaignMessage, object][])('a file goes out with what belongs to its kind: %#', (message, expected) => {
  const content = compileMessage(message)(recipientScope(ana), FILE)
  expect(content).toEqual({ ...expected, bytes: FILE.bytes, mimeType: 'image/png' })
  // Gateways know a file again by the object.
  expect('bytes' in content && content.bytes).toBe(FILE.bytes)
})

it('a file that is not handed in is a mistake of ours, not of the text', () => {
  const compiled = compileMessage({ type: 'image', mediaId: MEDIA_ID })
  expect(() => compiled(recipientScope(ana))).toThrow(TypeError)
})

it('what goes in the place of a file is a text like any other', () => {
  const image = { type: 'image', mediaId: MEDIA_ID } as const
  expect(compileFallback(image)).toBeNull()
  const made = compileFallback({ ...image, textFallback: 'Sem foto, {{nome}}' })
  expect(made?.(recipientScope(ana))).toEqual({ type: 'text', text: 'Sem foto, Ana Souza' })
  expect(refusalOf(() => compileFallback({ ...image, textFallback: '{{' }))).toMatchObject({ field: 'textFallback' })
})
