declare module '*.json?first' {
  const texts: import('../lib/texts/TextStore.ts').Catalogue
  export default texts
}
