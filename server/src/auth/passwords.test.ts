import { scryptSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { refuseWeakPassword } from './passwordRules.ts'
import { hashPassword, verifyPassword } from './passwords.ts'

/** As the first releases stored it. */
function oldHash(password: string): string {
  const salt = 'ab'.repeat(16)
  return `${salt}:${scryptSync(password, salt, 64, { N: 16_384, r: 16, p: 1, maxmem: 2 ** 27 }).toString('hex')}`
}

test('a password of 128 characters counts to its last one, and spellings of one character are the same', async () => {
  const long = 'ção '.repeat(32)
  const hash = await hashPassword(long)
  expect(hash).toMatch(/^scrypt\$14\$8\$5\$[\w-]{22}\$[\w-]{43}$/)
  expect(await hashPassword(long)).not.toBe(hash)
  expect(await verifyPassword(hash, long)).toBe('right')
  expect(await verifyPassword(hash, long.normalize('NFD'))).toBe('right')
  expect(await verifyPassword(hash, `${long.slice(0, -1)}x`)).toBe('wrong')
})

test('hashes of the first releases are read and called outdated; broken ones and none open nothing', async () => {
  expect(await verifyPassword(oldHash('uma frase comprida'), 'uma frase comprida')).toBe('outdated')
  expect(await verifyPassword(oldHash('uma frase comprida'), 'outra frase')).toBe('wrong')
  for (const stored of [null, '', 'x', 'scrypt$14$8$5$$', 'scrypt$1$8$5$AAAAAAAAAAAAAAAAAAAAAA$AAAA'])
    expect(await verifyPassword(stored, '')).toBe('wrong')
})

test('any number at once come out right, two at a time', async () => {
  const hash = await hashPassword('uma frase comprida')
  const verdicts = await Promise.all(
    Array.from({ length: 7 }, (_, i) => verifyPassword(hash, i % 2 === 0 ? 'uma frase comprida' : 'outra')),
  )
  expect(verdicts).toEqual(['right', 'wrong', 'right', 'wrong', 'right', 'wrong', 'right'])
})

const ana = { name: 'Ana Clara Souza', email: 'ana.moreira@example.test' }

test.each(['password', 'Password123', '12345678', 'qwertyuiop', 'flamengo', 'senha123', 'ababababab', '        '])(
  'the common password %j is refused',
  async (password) => {
    await expect(refuseWeakPassword(password, ana)).rejects.toMatchObject({
      code: 'PASSWORD_TOO_WEAK',
      details: { reason: 'common' },
    })
  },
)

test.each(['ana.moreira@example.test', 'Moreira2024', 'souzaclara1', 'CLARA-clara-1'])(
  'hardly more than the own name or e-mail, %j, is refused',
  async (password) => {
    await expect(refuseWeakPassword(password, ana)).rejects.toMatchObject({ details: { reason: 'personal' } })
  },
)

test.each(['xk3vtq9p', 'correct horse battery', 'a souza vende pão às 17h', 'só letras minúsculas', '!!??2024áé'])(
  'the password %j is taken, whatever kinds of characters it has',
  async (password) => {
    await expect(refuseWeakPassword(password, ana)).resolves.toBeUndefined()
  },
)
