import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SealedError, sealerOf } from './Sealer.ts'

const sealer = sealerOf('one-secret-key-0123456789abcdefghij')
const other = sealerOf('two-secret-key-0123456789abcdefghij')

describe('a sealed secret is refused', () => {
  it('under the name of another row', () => {
    const sealed = sealer.seal('token of a', 'channels/a/token')
    expect(() => sealer.open(sealed, 'channels/b/token')).toThrow(SealedError)
    expect(() => sealer.open(sealed, 'channels/a/webhook_key')).toThrow(SealedError)
  })

  it('with any single bit changed', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.integer({ min: 0, max: 7 }), (text, position, bit) => {
        const sealed = sealer.seal(text, 'here')
        const index = position % sealed.length
        sealed.writeUInt8(sealed.readUInt8(index) ^ (1 << bit), index)
        expect(() => sealer.open(sealed, 'here')).toThrow()
      }),
      { numRuns: 300 },
    )
  })

  it('cut short, at any length', () => {
    const sealed = sealer.seal('a token', 'here')
    for (let length = 0; length < sealed.length; length++)
      expect(() => sealer.open(sealed.subarray(0, length), 'here')).toThrow()
  })

  it('with another key, in words for people', () => {
    expect(() => other.open(sealer.seal('a token', 'here'), 'here')).toThrow(
      'A stored secret was sealed with another SECRET_KEY.',
    )
  })

  it('without saying anything of what it holds', () => {
    const sealed = sealer.seal('hush-hush-token', 'here')
    for (const open of [() => other.open(sealed, 'here'), () => sealer.open(sealed, 'there')]) {
      expect(open).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hush') as string }) as Error)
    }
  })
})

describe('a sealed secret', () => {
  it('opens to the same text, whatever the characters, also after a restart', () => {
    const restarted = sealerOf('one-secret-key-0123456789abcdefghij')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, boundTo) => {
        expect(restarted.open(sealer.seal(text, boundTo), boundTo)).toBe(text)
      }),
      { numRuns: 200 },
    )
  })

  it('never looks the same twice and does not show the text', () => {
    const sealed = Array.from({ length: 50 }, () => sealer.seal('token-in-plain-sight', 'here'))
    expect(new Set(sealed.map((bytes) => bytes.toString('hex'))).size).toBe(50)
    expect(sealed.some((bytes) => bytes.includes('token-in-plain'))).toBe(false)
  })
})
