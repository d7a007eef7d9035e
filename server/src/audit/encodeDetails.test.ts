import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeDetails, encodeText } from './encodeDetails.ts'

const MEGABYTE = 'x'.repeat(1024 * 1024)
const HOSTILE = '\r\n2026-01-01 admin signed in\u001b[2K\u001b[31m\u202etxt.exe\u2028\u0000\ud800'

describe('details', () => {
  it('keep what they say', () => {
    const details = {
      name: { from: 'Fornada', to: 'Pão de queijo 🥖' },
      delayMinMs: 5000,
      autoResume: true,
      none: null,
    }
    expect(JSON.parse(encodeDetails(details))).toEqual(details)
  })

  it('have no line break, no control character and no half of a character, and say what stood there', () => {
    const text = encodeDetails({ [HOSTILE]: [HOSTILE] })
    expect(text).toContain(String.raw`\\u001b[31m`)
    expect(JSON.parse(text)).toEqual({ [encodeText(HOSTILE, 100)]: [encodeText(HOSTILE)] })
    expect(encodeText('a\nb\u001b')).toBe(String.raw`a\u000ab\u001b`)
  })

  it('have no secrets', () => {
    const secret = 'canary-8d1f'
    const details = { token: secret, nested: [{ apiKey: secret, passwordHash: secret, set_cookie: secret }] }
    expect(encodeDetails(details)).not.toContain(secret)
    expect(JSON.parse(encodeDetails({ tokenChanged: true }))).toEqual({ tokenChanged: true })
  })

  it('are cut where they are long, and say so', () => {
    const text = encodeDetails({ name: MEGABYTE })
    expect(text.length).toBeLessThan(600)
    expect(text).toContain('… (1048576)')
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`field${i}`, MEGABYTE]))
    expect(JSON.parse(encodeDetails(many))).toMatchObject({ cut: true, fields: expect.arrayContaining(['field39']) })
  })

  it('are small, of one line and readable whatever is put in', () => {
    const hostile = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(HOSTILE, MEGABYTE, '\ud800', '\udc00'))
    const anything = fc.anything({
      key: hostile,
      values: [hostile, fc.integer(), fc.double()],
      withBigInt: true,
      withDate: true,
    })
    fc.assert(
      fc.property(fc.dictionary(hostile, anything), (details) => {
        const text = encodeDetails(details)
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8192)
        expect(text.isWellFormed()).toBe(true)
        expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202e]/u)
      }),
      { numRuns: 300 },
    )
  })
})
