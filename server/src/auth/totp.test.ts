import { expect, test } from 'vitest'
import { findTotpStep, newTotpSecret, otpauthUrl, toBase32, totpCode } from './totp.ts'

/** RFC 6238, appendix B: the secret of its vectors for SHA-1, and the last six of their eight digits. */
const SECRET = toBase32(Buffer.from('12345678901234567890'))

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('at second %i the code is %s, as the standard says', (second, code) => {
  expect(totpCode(SECRET, Math.floor(second / 30))).toBe(code)
})

test('the codes of one step before and after are taken for their own step, others not', () => {
  const steps = [-2, -1, 0, 1, 2].map((distance) => findTotpStep(SECRET, totpCode(SECRET, 1000 + distance), 1000))
  expect(steps).toEqual([null, 999, 1000, 1001, null])
})

test('secrets have 160 bits in base32, and the address names the account', () => {
  const secret = newTotpSecret()
  expect(secret).toMatch(/^[A-Z2-7]{32}$/)
  expect(newTotpSecret()).not.toBe(secret)
  expect(toBase32(Buffer.from('foobar'))).toBe('MZXW6YTBOI')
  expect(otpauthUrl(secret, 'ana+1@example.test', 'Revoada')).toBe(
    `otpauth://totp/Revoada:ana%2B1%40example.test?secret=${secret}&issuer=Revoada&algorithm=SHA1&digits=6&period=30`,
  )
})
