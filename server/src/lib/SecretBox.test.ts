import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBytes, SecretBox } from './SecretBox.ts'

const box = new SecretBox('one-secret-key-0123456789abcdefghij')
const other = new SecretBox('two-secret-key-0123456789abcdefghij')

describe('a sealed secret is refused', () => {
  it('under the name of another row', () => {
    const sealed = box.seal('token of a', 'channels/a/token')
    expect(() => box.open(sealed, 'channels/b/token')).toThrow(/authenticate/)
    expect(() => box.open(sealed, 'channels/a/webhook_key')).toThrow(/authenticate/)
  })

  it('with any single bit changed', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.integer({ min: 0, max: 7 }), (text, position, bit) => {
        const sealed = box.seal(text, 'here')
        const index = position % sealed.length
        sealed.writeUInt8(sealed.readUInt8(index) ^ (1 << bit), index)
        expect(() => box.open(sealed, 'here')).toThrow()
      }),
      { numRuns: 300 },
    )
  })

  it('cut short, at any length', () => {
    const sealed = box.seal('a token', 'here')
    for (let length = 0; length < sealed.length; length++)
      expect(() => box.open(sealed.subarray(0, length), 'here')).toThrow()
  })

  it('with another key, in words for people', () => {
    expect(() => other.open(box.seal('a token', 'here'), 'here')).toThrow(
      'A stored secret was sealed with another SECRET_KEY.',
    )
  })

  it('without saying anything of what it holds', () => {
    const sealed = box.seal('hush-hush-token', 'here')
    for (const open of [() => other.open(sealed, 'here'), () => box.open(sealed, 'there')]) {
      expect(open).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hush') as string }) as Error)
    }
  })
})

describe('a sealed secret', () => {
  it('opens to the same text, whatever the characters, also after a restart', () => {
    const restarted = new SecretBox('one-secret-key-0123456789abcdefghij')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, boundTo) => {
        expect(restarted.open(box.seal(text, boundTo), boundTo)).toBe(text)
      }),
      { numRuns: 200 },
    )
  })

  it('never looks the same twice and does not show the text', () => {
    const sealed = Array.from({ length: 50 }, () => box.seal('token-in-plain-sight', 'here'))
    expect(new Set(sealed.map((bytes) => bytes.toString('hex'))).size).toBe(50)
    expect(sealed.some((bytes) => bytes.includes('token-in-plain'))).toBe(false)
  })
})

describe('a keyed hash', () => {
  it('is the same for the same text, and another for another purpose, text or key', () => {
    expect(box.hash('text', 'token')).toEqual(box.hash('text', 'token'))
    const hashes = [
      box.hash('text', 'token'),
      box.hash('text', 'secret'),
      box.hash('texT', 'token'),
      other.hash('text', 'token'),
    ]
    expect(new Set(hashes.map((hash) => hash.toString('hex'))).size).toBe(4)
  })

  it('does not run purpose and text into each other', () => {
    expect(box.hash('b', 'a')).not.toEqual(box.hash('', 'ab'))
  })

  it('derives the same secret again from the same key only', () => {
    expect(box.derive('webhook/1')).toBe(new SecretBox('one-secret-key-0123456789abcdefghij').derive('webhook/1'))
    expect(new Set([box.derive('webhook/1'), box.derive('webhook/2'), other.derive('webhook/1')]).size).toBe(3)
  })
})

it('bytes are equal only when all are', () => {
  expect(equalBytes(Buffer.from('abc'), Buffer.from('abc'))).toBe(true)
  expect(equalBytes(Buffer.from('abc'), Buffer.from('abd'))).toBe(false)
  expect(equalBytes(Buffer.from('abc'), Buffer.from('abcd'))).toBe(false)
  expect(equalBytes(Buffer.from('abc'), Buffer.alloc(0))).toBe(false)
})
