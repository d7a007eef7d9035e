/** A number field's text: null while it is empty or no number. */
export function readAmount(text: string): number | null {
  const value = Number(text.replace(',', '.'))
  return text.trim() === '' || !Number.isFinite(value) ? null : value
}
