import '@testing-library/jest-dom/vitest'
import { cleanup, configure } from '@testing-library/react'
import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { afterEach, beforeAll, vi } from 'vitest'
import pt from '../src/text/pt.json'

// A page's code is loaded on demand; on a busy machine that alone can take longer than the default second.
configure({ asyncUtilTimeout: 8000 })

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
