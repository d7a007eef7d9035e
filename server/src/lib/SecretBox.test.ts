import { describe, expect, it } from 'vitest'
import { equalBytes, keysOf, SecretBox } from './SecretBox.ts'
import { SealedError } from './Sealer.ts'

const box = new SecretBox('one-secret-key-0123456789abcdefghij')
const other = new SecretBox('two-secret-key-0123456789abcdefghij')

describe('a box', () => {
  it('without keys opens, seals and hashes nothing', async () => {
    const closed = new SecretBox(null)
    await expect(closed.open(box.seal('a', 'here'), 'here')).rejects.toThrow('not open')
    expect(() => closed.seal('a', 'here')).toThrow('not open')
    expect(() => closed.hash('a', 'token')).toThrow('not open')
  })

  it('asks once for newer keys when it meets one that it does not know', async () => {
    const mine = new SecretBox(null)
    let asked = 0
    const { current } = other.keys
    mine.use(box.keys, async () => {
      asked++
      mine.use({ ...box.keys, sealers: new Map([...box.keys.sealers, [current.id, current]]) })
    })
    expect(await mine.open(box.seal('old', 'here'), 'here')).toBe('old')
    expect(asked).toBe(0)
    expect(await mine.open(other.seal('new', 'here'), 'here')).toBe('new')
    expect(await mine.open(other.seal('new', 'here'), 'here')).toBe('new')
    expect(asked).toBe(1)
  })

  it('refuses what a key has sealed that is nowhere', async () => {
    await expect(box.open(other.seal('a', 'here'), 'here')).rejects.toThrow(SealedError)
    await expect(box.open(Buffer.alloc(0), 'here')).rejects.toThrow(SealedError)
  })

  it('has the same keys again from the same secret', () => {
    expect(keysOf('one-secret-key-0123456789abcdefghij').current.id).toBe(box.keyId)
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
