/**
 * A column's header as a text can name it: lower case, without accents, everything else an underscore. `Código Postal` →
 * `codigo_postal`. Empty where nothing of it is a letter or digit of ASCII.
 */
export function plainName(header: string): string {
  return header
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
}
