import { expect, type Page } from '@playwright/test'
import { anyValue, pt } from './fixtures.ts'
import type { Texts } from './readers.ts'

type Group = { sum: number; states: Record<string, number> }
export type Books = { waiting: Group; accepted: Group; left: Group; total: number }

/** The books as the monitor shows them at one moment: three groups with their states, and the sentence that adds them up. */
export async function shownBooks(page: Page, text: Texts = pt): Promise<Books> {
  const region = page.getByRole('region', { name: text.monitor.title, exact: true })
  const sentence = anyValue(text.books.sum)
  await expect(region.getByText(sentence)).toBeVisible()
  // All at one moment: a campaign goes on while it is read.
  const { all, groups } = await region.evaluate((node: HTMLElement) => ({
    all: node.innerText,
    groups: [...node.querySelectorAll('section')].map((group) => group.innerText),
  }))
  const line = linesOf(all).find((candidate) => sentence.test(candidate)) ?? ''
  const [, parts = '', total = ''] = sentence.exec(line) ?? []
  const group = (label: string) =>
    readGroup(groups.map(linesOf).find(([heading]) => heading === label) ?? [], Object.values(text.states))
  const books = {
    waiting: group(text.books.waiting),
    accepted: group(text.books.accepted),
    left: group(text.books.left),
    total: toNumber(total),
  }
  const sums = [books.waiting.sum, books.accepted.sum, books.left.sum]
  expect(parts.split('+').map(toNumber).sort(byValue)).toEqual(sums.sort(byValue))
  return books
}

/** A heading with its sum, then a name and a number for each state. */
function readGroup([, sum = '', ...rest]: string[], names: readonly string[]): Group {
  const states: Record<string, number> = {}
  for (let i = 0; names.includes(rest[i] ?? ''); i += 2) states[rest[i] ?? ''] = toNumber(rest[i + 1] ?? '')
  return { sum: toNumber(sum), states }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

/** Each group is the sum of its states, and the groups together are everybody. */
export async function expectBalance(page: Page, people: number, text: Texts = pt): Promise<Books> {
  await expect.poll(async () => (await shownBooks(page, text)).total).toBe(people)
  const books = await shownBooks(page, text)
  const { waiting, accepted, left, total } = books
  for (const group of [waiting, accepted, left]) {
    expect(Object.values(group.states).reduce((sum, count) => sum + count, 0)).toBe(group.sum)
  }
  expect(waiting.sum + accepted.sum + left.sum).toBe(total)
  expect([waiting, accepted, left].flatMap((group) => Object.keys(group.states)).sort()).toEqual(
    Object.values(text.states).sort(),
  )
  return books
}

function toNumber(text: string): number {
  return Number(text.replaceAll(/[.,]/g, '').trim())
}

function byValue(a: number, b: number): number {
  return a - b
}
