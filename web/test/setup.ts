import '@testing-library/jest-dom/vitest'
import { cleanup } from '@testing-library/react'
import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { afterEach, beforeAll, vi } from 'vitest'
import pt from '../src/text/pt.json'

beforeAll(async () => {
  await i18next.use(initReactI18next).init({
    lng: 'pt',
    resources: { pt: { translation: pt } },
    interpolation: { escapeValue: false },
    returnNull: false,
  })
})

afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
  localStorage.clear()
})
