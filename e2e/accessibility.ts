import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect } from './fixtures.ts'

const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

/**
 * The page as it stands has no violation that axe knows, light and dark, on a desk and on a phone, and never scrolls
 * sideways. With `SHOTS=folder` in the environment it is also photographed, to be looked at by people.
 */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  // The address changes before the page is there.
  await expect(page.locator('h1')).toBeVisible()
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize(viewport)
      await settle(page)
      await photograph(page, `${name}-${size}-${colorScheme}`)
      const { violations } = await new AxeBuilder({ page }).analyze()
      const found = violations.flatMap(({ id, nodes }) =>
        nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
      )
      expect(found, `${name}, ${size}, ${colorScheme}`).toEqual([])
      expect(await overflow(page), `${name} scrolls sideways, ${size}`).toBeLessThanOrEqual(0)
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
  await page.setViewportSize(SIZES.desktop)
}

/** Colours in the middle of a transition have a contrast that nobody chose. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready
    const ending = document
      .getAnimations()
      .filter((animation) => Number.isFinite(animation.effect?.getComputedTiming().endTime))
    await Promise.allSettled(ending.map((animation) => animation.finished))
  })
}

function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

async function photograph(page: Page, name: string): Promise<void> {
  const folder = process.env['SHOTS']
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
}
