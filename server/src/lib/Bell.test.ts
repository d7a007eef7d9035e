import { expect, it } from 'vitest'
import { Bell } from './Bell.ts'

it('everybody who listens hears the bell, until they end listening', () => {
  const bell = new Bell()
  const heard: string[] = []
  const end = bell.onRing(() => heard.push('a'))
  bell.onRing(() => heard.push('b'))
  bell.ring()
  end()
  end()
  bell.ring()
  expect(heard).toEqual(['a', 'b', 'b'])
})

it('a bell without listeners rings for nobody', () => {
  expect(() => new Bell().ring()).not.toThrow()
})

it('who ends listening while it rings does not keep others from hearing it', () => {
  const bell = new Bell()
  const heard: string[] = []
  const end = bell.onRing(() => end())
  bell.onRing(() => heard.push('b'))
  bell.ring()
  expect(heard).toEqual(['b'])
})
