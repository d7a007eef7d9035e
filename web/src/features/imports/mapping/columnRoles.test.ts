import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnMapping, type ColumnMapping } from '#contract/imports.ts'
import { COLUMN_ROLES, roleOf, variableProblem, withRole, withVariable } from './columnRoles.ts'

const HEADERS = ['nome', 'telefone', 'celular', 'Cidade', 'cidade 2']
const GUESS: ColumnMapping = { phoneColumns: [1], nameColumn: 0, leftOut: [], renamed: [] }

describe('roles of columns', () => {
  test('a further phone is looked into after the first', () => {
    expect(withRole(GUESS, 2, 'phone').phoneColumns).toEqual([1, 2])
  })

  test('the name before becomes a variable when another column is the name', () => {
    const next = withRole(GUESS, 3, 'name')
    expect([roleOf(next, 0), roleOf(next, 3)]).toEqual(['variable', 'name'])
  })

  test('whatever is chosen in whatever order, a column has the role chosen last and the contract takes the mapping', () => {
    const choices = fc.array(fc.tuple(fc.nat({ max: 4 }), fc.constantFrom(...COLUMN_ROLES)), { minLength: 1 })
    fc.assert(
      fc.property(choices, (chosen) => {
        const mapping = chosen.reduce((before, [column, role]) => withRole(before, column, role), GUESS)
        const [column, role] = chosen.at(-1) ?? [0, 'name']
        expect(roleOf(mapping, column)).toBe(role)
        expect(columnMapping.safeParse(mapping).success).toBe(true)
        expect(new Set(mapping.phoneColumns).size).toBe(mapping.phoneColumns.length)
      }),
    )
  })

  test('a name that differs in case and accents only is taken', () => {
    const renamed = withVariable(GUESS, HEADERS, 4, 'CIDÁDE')
    expect(variableProblem(renamed, HEADERS, 4)).toBe('taken')
    expect(variableProblem(renamed, HEADERS, 3)).toBeNull()
    expect(variableProblem(withRole(renamed, 3, 'leftOut'), HEADERS, 4)).toBeNull()
  })

  test('a name without letters and digits is none', () => {
    expect(variableProblem(withVariable(GUESS, HEADERS, 3, ' - '), HEADERS, 3)).toBe('nameless')
  })

  test('the header again is no other name', () => {
    const renamed = withVariable(GUESS, HEADERS, 3, 'Bairro')
    expect(withVariable(renamed, HEADERS, 3, 'Cidade').renamed).toEqual([])
  })
})
