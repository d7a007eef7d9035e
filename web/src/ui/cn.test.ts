import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { extendTailwindMerge } from 'tailwind-merge'
import { expect, test } from 'vitest'
import { cn } from './cn.ts'

/** The package's own list, which knows every class, with the names that our tokens add. */
const twMerge = extendTailwindMerge({
  extend: { theme: { radius: ['control', 'card'], shadow: ['card', 'pop', 'dialog'] } },
})

/** Every class that stands in a source, whatever it stands in: words in quotes that look like one. */
function classesInUse(): string[] {
  const root = join(import.meta.dirname, '..')
  const found = new Set<string>()
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.tsx') || file.includes('.test.')) continue
    for (const [text] of readFileSync(join(root, file), 'utf8').matchAll(
      /className="[^"]+"|["'`][^"'`\n]* [^"'`\n]*["'`]/g,
    ))
      for (const word of text.replace('className=', '').split(/[\s"'`]+/))
        if (/^-?[a-z][\w-]*(-|$)[\w./()[\]%-]*$/.test(word)) found.add(word)
  }
  // Under a modifier the same rules hold; without it there are fewer pairs.
  // `pt-BR` is a language.
  return [...found].filter((word) => word.length < 40 && !/^(pt-BR$|aria-|data-)/.test(word))
}

/** Only classes that begin alike, or are one word, are ever about the same thing here. */
function mayCollide(a: string, b: string): boolean {
  const first = (name: string) => name.replace(/^-/, '').split('-', 1)[0]
  return first(a) === first(b) || (!a.includes('-') && !b.includes('-'))
}

test('of two classes that are in use the short list keeps what the whole list of tailwind-merge keeps', () => {
  const words = classesInUse()
  expect(words.length).toBeGreaterThan(200)
  const wrong: string[] = []
  for (const a of words) {
    for (const b of words) {
      if (a === b || !mayCollide(a, b)) continue
      const pair = `${a} ${b}`
      if (cn(pair) !== twMerge(pair)) wrong.push(`${pair}: ${cn(pair)} instead of ${twMerge(pair)}`)
    }
  }
  expect(wrong).toEqual([])
})

test('the later class wins, only against its own kind and its own modifier', () => {
  expect(cn('h-4 w-full bg-sunk', 'h-2.5')).toBe('w-full bg-sunk h-2.5')
  expect(cn('hover:bg-sunk bg-surface', 'bg-primary-soft')).toBe('hover:bg-sunk bg-primary-soft')
  expect(cn('text-sm text-ink-soft', 'text-base')).toBe('text-ink-soft text-base')
  expect(cn('px-4', false, undefined, 'p-2')).toBe('p-2')
})
