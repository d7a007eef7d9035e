import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseWhatsappText, type WhatsappToken } from './whatsappText.ts'

/** As marks that no text holds by itself. */
function shown(text: string): string {
  return parseWhatsappText(text).map(write).join('')
}

function write(token: WhatsappToken): string {
  if (token.kind === 'text') return token.text
  if (token.kind === 'mono') return `<m>${token.text}</m>`
  const tag = token.kind.slice(0, 1)
  return `<${tag}>${token.children.map(write).join('')}</${tag}>`
}

describe('what WhatsApp shows', () => {
  it.each([
    ['Olá *Ana*!', 'Olá <b>Ana</b>!'],
    ['_até_ ~logo~', '<i>até</i> <s>logo</s>'],
    ['```a *b* _c_```', '<m>a *b* _c_</m>'],
    ['```duas\nlinhas```', '<m>duas\nlinhas</m>'],
    ['*_tudo_ ~isto~*', '<b><i>tudo</i> <s>isto</s></b>'],
    ['*duas palavras* e *outras duas*', '<b>duas palavras</b> e <b>outras duas</b>'],
    ['(*a*), "_b_".', '(<b>a</b>), "<i>b</i>".'],
    ['*50% OFF*😀', '<b>50% OFF</b>😀'],
  ])('%s', (text, expected) => expect(shown(text)).toBe(expected))

  it.each([
    ['2 * 3 * 4'],
    ['nome_de_arquivo'],
    ['a*b*c'],
    ['*aberto'],
    ['fechado*'],
    ['* espaço*'],
    ['*espaço *'],
    ['*duas\nlinhas*'],
    ['**'],
    ['****'],
    ['``````'],
    ['```aberto'],
    ['*á*é'],
    [''],
  ])('%s is text', (text) => expect(shown(text)).toBe(text))

  it('pairs marks that cross by the one that began first', () => {
    expect(shown('*a _b* c_')).toBe('<b>a _b</b> c_')
  })
})

it('nothing of a text is lost, and nothing is added', () => {
  const marks = { bold: '*', italic: '_', strike: '~' }
  const source = (token: WhatsappToken): string => {
    if (token.kind === 'text') return token.text
    if (token.kind === 'mono') return `\`\`\`${token.text}\`\`\``
    const mark = marks[token.kind]
    return `${mark}${token.children.map(source).join('')}${mark}`
  }
  const piece = fc.constantFrom('*', '_', '~', '```', '`', ' ', '\n', 'a', 'é', '😀', '<b>', '{{x}}')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('')
      expect(parseWhatsappText(text).map(source).join('')).toBe(text)
    }),
    { numRuns: 1000 },
  )
})

it.each([
  ['*a '.repeat(20_000)],
  ['*_~'.repeat(20_000)],
  ['```'.repeat(20_001)],
  [' *a*'.repeat(15_000)],
  ['*'.repeat(60_000)],
])('takes no time: %#', (text) => {
  const { user } = process.cpuUsage()
  parseWhatsappText(text)
  expect((process.cpuUsage().user - user) / 1000).toBeLessThan(500)
})
