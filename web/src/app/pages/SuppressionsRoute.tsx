import { ComingPage } from './ComingPage.tsx'

export function SuppressionsRoute() {
  return <ComingPage page="suppressions" />
}
