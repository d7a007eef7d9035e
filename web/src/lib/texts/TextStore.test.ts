import { describe, expect, test, vi } from 'vitest'
import { TextStore } from './TextStore.ts'

function storeWith(texts: Parameters<TextStore['setCatalogue']>[1], language = 'pt') {
  const store = new TextStore()
  store.setCatalogue(language, texts)
  store.setLanguage(language)
  return store
}

describe('TextStore', () => {
  const people = {
    people: { in_zero: 'ninguém', in_one: '{{n}} pessoa', in_many: '{{n}} de pessoas', in_other: '{{n}} pessoas' },
  }

  test.each([
    [0, 'ninguém'],
    [1, '1 pessoa'],
    [2, '2 pessoas'],
    [1_000_000, '1000000 de pessoas'],
    [1_000_001, '1000001 pessoas'],
  ])('%d people are counted as Brazilians do', (count, words) => {
    expect(storeWith(people).translate('people.in', { count, n: count })).toBe(words)
  })

  test('zero without a form of its own follows the rules of the language', () => {
    const texts = { cats_one: 'one cat', cats_other: '{{count}} cats' }
    expect(storeWith(texts, 'en').translate('cats', { count: 0 })).toBe('0 cats')
  })

  test('braces in what people typed are theirs', () => {
    const { translate } = storeWith({ hello: 'Oi, {{name}}! {{rest}}' })
    expect(translate('hello', { name: '{{rest}}', rest: 'Tchau' })).toBe('Oi, {{rest}}! Tchau')
  })

  test('a value that is not given leaves nothing, and no "undefined"', () => {
    expect(storeWith({ hello: 'Oi, {{name}}!' }).translate('hello')).toBe('Oi, !')
  })

  test('a key that does not exist stands for itself, unless the rest may still come', () => {
    const store = storeWith({ a: { b: 'c' } })
    expect(store.translate('a.x')).toBe('a.x')
    expect(store.translate('a')).toBe('a')
    expect(store.translate('constructor')).toBe('constructor')
    store.onMissing = vi.fn()
    expect(store.translate('a.x')).toBe('')
    expect(store.onMissing).toHaveBeenCalledWith('a.x')
  })

  test('the function is the same until language or texts change', () => {
    const store = storeWith({ a: 'um' })
    const listener = vi.fn()
    store.subscribe(listener)
    const before = store.translate
    expect(store.translate).toBe(before)
    store.setCatalogue('en', { a: 'one' })
    store.setLanguage('en')
    expect(store.translate).not.toBe(before)
    expect(store.translate('a')).toBe('one')
    expect(listener).toHaveBeenCalledTimes(2)
  })
})
