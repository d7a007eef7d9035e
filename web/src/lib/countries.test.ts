import { getCountries } from 'libphonenumber-js/max'
import { expect, test } from 'vitest'
import { COUNTRIES } from './countries.ts'

test('every country whose numbers can be read can be chosen', () => {
  expect([...COUNTRIES].sort()).toEqual([...getCountries()].sort())
})
