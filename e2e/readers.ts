import type { Page } from '@playwright/test'
import en from '../web/src/text/en.json' with { type: 'json' }
import { pt } from './fixtures.ts'

export type Texts = typeof pt
/** Somebody with a language and a screen. `viewport` null is that of a desk. */
export type Reader = {
  reader: string
  language: 'pt' | 'en'
  text: Texts
  viewport: { width: number; height: number } | null
}

/** The journeys that are made twice, are made by these. */
export const READERS: readonly Reader[] = [
  { reader: 'in Portuguese', language: 'pt', text: pt, viewport: null },
  { reader: 'in English on a phone', language: 'en', text: en as Texts, viewport: { width: 390, height: 844 } },
]

/** From now on the page is in the reader's language and of their width. */
export async function readAs(page: Page, { language, viewport }: Reader): Promise<void> {
  await page.addInitScript((chosen) => localStorage.setItem('revoada.language', chosen), language)
  if (viewport !== null) await page.setViewportSize(viewport)
}
