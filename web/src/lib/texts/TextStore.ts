/** A catalogue: sentences by section, nested. */
export type Catalogue = { readonly [key: string]: string | Catalogue }
export type Values = Readonly<Record<string, unknown>>
/** The sentence under a key with its values in place. `count` chooses among the plural forms. */
export type Translate = (key: string, values?: Values) => string

/**
 * The texts of one language at a time: sentences by key, `{{values}}` in them, plural forms by the language's own rules
 * (`_zero` first where there is one). It does what this app uses of i18next in a twentieth of the size, on every page.
 */
export class TextStore {
  language = 'pt'
  /** Called for a key that is not there: the rest of the catalogue may still be on its way. */
  onMissing: ((key: string) => void) | undefined
  readonly #catalogues = new Map<string, Catalogue>()
  readonly #listeners = new Set<() => void>()
  #translate: Translate

  constructor() {
    this.#translate = this.#makeTranslate(this.language)
  }

  /** The same function until language or texts change, so that it may stand in an effect's dependencies. */
  get translate(): Translate {
    return this.#translate
  }

  /** Puts a catalogue in the place of the one known for this language. */
  setCatalogue(language: string, catalogue: Catalogue): void {
    this.#catalogues.set(language, catalogue)
    this.#changed()
  }

  setLanguage(language: string): void {
    this.language = language
    this.#changed()
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The texts of one language, whichever is shown. */
  fixed(language: string): Translate {
    return this.#makeTranslate(language)
  }

  #changed(): void {
    this.#translate = this.#makeTranslate(this.language)
    for (const listener of this.#listeners) listener()
  }

  #makeTranslate(language: string): Translate {
    const rules = new Intl.PluralRules(language === 'pt' ? 'pt-BR' : language)
    return (key, values = {}) => {
      const text = this.#find(language, key, values, rules)
      if (text === undefined) {
        this.onMissing?.(key)
        return this.onMissing === undefined ? key : ''
      }
      return text.includes('{{') ? fillIn(text, values) : text
    }
  }

  #find(language: string, key: string, values: Values, rules: Intl.PluralRules): string | undefined {
    const catalogue = this.#catalogues.get(language)
    const { count } = values
    if (catalogue === undefined) return undefined
    if (typeof count !== 'number') return textAt(catalogue, key)
    const zero = count === 0 ? textAt(catalogue, `${key}_zero`) : undefined
    return zero ?? textAt(catalogue, `${key}_${rules.select(count)}`) ?? textAt(catalogue, key)
  }
}

function textAt(catalogue: Catalogue, key: string): string | undefined {
  let place: string | Catalogue | undefined = catalogue
  for (const part of key.split('.')) {
    if (typeof place !== 'object' || !Object.hasOwn(place, part)) return undefined
    place = place[part]
  }
  return typeof place === 'string' ? place : undefined
}

/** In one pass: what people typed may hold `{{braces}}` of its own. */
function fillIn(text: string, values: Values): string {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => {
    const value = values[name]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  })
}
