import { TextStore, type Catalogue } from './TextStore.ts'

type InitOptions = { lng: string; resources: Record<string, { translation: Catalogue }> }

/*
 * Stands in the place of the package `i18next` (see vite.config.ts), whose types the app keeps: typed keys, and the
 * names that everybody knows. What is not here is not used.
 */
class Texts {
  readonly store = new TextStore()

  get language(): string {
    return this.store.language
  }

  use(): this {
    return this
  }

  init({ lng, resources }: InitOptions): Promise<this> {
    for (const [language, { translation }] of Object.entries(resources)) this.store.setCatalogue(language, translation)
    this.store.setLanguage(lng)
    return Promise.resolve(this)
  }

  addResourceBundle(language: string, _namespace: string, catalogue: Catalogue): void {
    this.store.setCatalogue(language, catalogue)
  }

  changeLanguage(language: string): Promise<void> {
    this.store.setLanguage(language)
    return Promise.resolve()
  }

  getFixedT(language: string) {
    return this.store.fixed(language)
  }

  createInstance(): Texts {
    return new Texts()
  }
}

const texts = new Texts()
export default texts
