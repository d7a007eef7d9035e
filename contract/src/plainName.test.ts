import fc from 'fast-check'
import { expect, it } from 'vitest'
import { plainName } from './plainName.ts'

it.each([
  ['Código Postal', 'codigo_postal'],
  ['codigo_postal', 'codigo_postal'],
  [' Nº da Ação (R$) ', 'n_da_acao_r'],
  ['E-mail', 'e_mail'],
  ['2ª via', '2_via'],
  ['ÑANDÚ', 'nandu'],
  ['住所', ''],
  ['', ''],
])('%j is written as %j', (header, name) => {
  expect(plainName(header)).toBe(name)
})

it('leaves words of small letters and digits joined by single underscores, and a name as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (header) => {
      const name = plainName(header)
      expect(name).toMatch(/^([a-z0-9]+(_[a-z0-9]+)*)?$/)
      expect(plainName(name)).toBe(name)
    }),
  )
})
