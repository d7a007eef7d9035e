import { ComingPage } from './ComingPage.tsx'

export function TemplatesRoute() {
  return <ComingPage page="templates" />
}
