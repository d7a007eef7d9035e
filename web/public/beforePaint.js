// Runs before the first paint, in a file of its own because the content policy allows no inline script:
// the chosen theme and language are on <html> before anything is drawn.
;(() => {
  try {
    const theme = localStorage.getItem('revoada.theme')
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
    const language = localStorage.getItem('revoada.language')
    if (language === 'en' || language === 'es') document.documentElement.lang = language
  } catch {
    // Storage may be forbidden; the system's theme and Portuguese are fine then.
  }
  // zod would try `new Function` when its first schema is made; the content policy refuses and reports that each time.
  globalThis.__zod_globalConfig = { jitless: true }
})()
