import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_RECIPIENT_NUMBER, messageIdOf, parseMessageId } from './messageId.ts'

const tags = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1))
const recipients = fc.oneof(
  fc.integer({ min: 1, max: MAX_RECIPIENT_NUMBER }),
  fc.constantFrom(1, 2 ** 32, MAX_RECIPIENT_NUMBER),
)
const steps = fc.integer({ min: 0, max: 15 })

describe('a message id', () => {
  it('names campaign, recipient and step, over the whole range', () => {
    fc.assert(
      fc.property(tags, recipients, steps, (tag, recipient, step) => {
        const id = messageIdOf(tag, recipient, step)
        expect(id).toMatch(/^3EB0[0-9A-F]{18}$/)
        expect(parseMessageId(id)).toEqual({ tag, recipient, step })
      }),
      { numRuns: 1000 },
    )
  })

  it('is another one for another address', () => {
    const address = fc.tuple(tags, recipients, steps)
    fc.assert(
      fc.property(address, address, (a, b) => {
        const isSame = a.every((part, index) => part === b[index])
        expect(messageIdOf(...a) === messageIdOf(...b)).toBe(isSame)
      }),
      { numRuns: 500 },
    )
  })

  it('stays the same in every release: ids of messages under way are in the wild', () => {
    expect(messageIdOf(0xa1b2c3d4, 300, 2)).toBe('3EB0A1B2C3D400000012C2')
  })
})

describe('an id that is not ours speaks of nobody', () => {
  it.each([
    [''],
    ['3EB0'],
    ['3EB0A1B2C3D4E5F60718'],
    ['3EB0A1B2C3D400000012C2F'],
    ['3EB0A1B2C3D400000012C'],
    ['3eb0a1b2c3d400000012c2'],
    ['4EB0A1B2C3D400000012C2'],
    ['3EB0A1B2C3D400000012G2'],
    [' 3EB0A1B2C3D400000012C2'],
    ['3EB0A1B2C3D400000012C2\n'],
    ['3EB0A1B2C3D4-0000012C2'],
    ['x'.repeat(100_000)],
  ])('%j', (id) => {
    expect(parseMessageId(id)).toBeNull()
  })

  it('and whatever is read from any text can be written again to that text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^3EB0[0-9A-Fa-f]{17,19}$/)), (text) => {
        const address = parseMessageId(text)
        if (address !== null) expect(messageIdOf(address.tag, address.recipient, address.step)).toBe(text)
      }),
      { numRuns: 500 },
    )
  })
})
