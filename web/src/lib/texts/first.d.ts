declare module '*.json?first' {
  const texts: import('./TextStore.ts').Catalogue
  export default texts
}
