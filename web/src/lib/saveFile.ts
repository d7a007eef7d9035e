/** Hands somebody a file that was made here, as a download. */
export function saveJson(fileName: string, content: unknown): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(content, null, 2)], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  // The browser has taken the file over by then; without this it would stay in memory as long as the page.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
