import { expect, test } from 'vitest'
import { PRIVATE_ADDRESSES } from '#server/test/hostileAddresses.ts'
import { checkLinks } from './checkLinks.ts'

const withLink = (link: string) => [
  { type: 'text' as const, content: 'Oi' },
  { type: 'template' as const, name: 'oferta', language: 'pt_BR', header: { type: 'image' as const, link } },
]

const refusal = (link: string) =>
  checkLinks(withLink(link)).then(
    () => null,
    (error: { code: string; details: { field: string; message: string }[] }) => error,
  )

test.each(PRIVATE_ADDRESSES)('the link %j is refused by its field', async (form) => {
  const refused = await refusal(form.replace('PORT', '8080'))
  expect([refused?.code, refused?.details[0]?.field]).toEqual(['UNPROCESSABLE', 'messages.1.header.link'])
  expect(refused?.details[0]?.message).toMatch(/\.$/)
})

test.each([
  'http://127.0.0.1/{{cupom}}.png',
  'http://127.1/{{cupom}}.png',
  'http://169.254.169.254/{{cupom}}',
  'http://user:secret@cdn.example.test/{{cupom}}',
  'http://localhost?{{cupom}}',
])('a variable in the path of %s hides nothing', async (link) => {
  expect(await refusal(link)).toMatchObject({ code: 'UNPROCESSABLE' })
})

test.each([
  'https://cdn.example.test/a.png',
  'https://cdn.example.test/{{cupom}}.png',
  'https://{{loja}}.example.test/a.png',
  'https://{{loja}}/a.png',
])('%s may be saved', async (link) => {
  expect(await refusal(link)).toBeNull()
})
