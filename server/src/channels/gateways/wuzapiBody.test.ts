import { expect, it } from 'vitest'
import type { OutgoingContent } from './Gateway.ts'
import { renderSend, type BodyPieces } from './wuzapiBody.ts'

const bytes = Buffer.alloc(1_000_000, 'picture')
const picture = (caption: string): OutgoingContent => ({ type: 'image', bytes, mimeType: 'image/png', caption })

function piecesOf(id: string, content: OutgoingContent): BodyPieces {
  const { body } = renderSend({ id, to: '5511987654321', content })
  if (typeof body === 'string') throw new Error('It is in one piece.')
  return body
}

it('a file is written as base64 once, for however many people it is for', () => {
  const [first, second] = [piecesOf('A', picture('Ana')), piecesOf('B', picture('Bia "😀"'))]
  expect(first.pieces[1]).toBe(second.pieces[1])
  const own = (body: BodyPieces) => body.length - (body.pieces[1]?.length ?? 0)
  expect([own(first), own(second)].every((size) => size < 500)).toBe(true)
})

it('the pieces together are the JSON, as long as they say, and the same at every attempt', () => {
  const body = piecesOf('A', picture('Bia "😀"\n'))
  const whole = Buffer.concat(body.pieces)
  expect(whole.length).toBe(body.length)
  expect(JSON.parse(whole.toString())).toEqual({
    Phone: '5511987654321',
    Id: 'A',
    MimeType: 'image/png',
    Caption: 'Bia "😀"\n',
    Image: `data:image/png;base64,${bytes.toString('base64')}`,
  })
  expect(Buffer.concat(piecesOf('A', picture('Bia "😀"\n')).pieces).equals(whole)).toBe(true)
})
