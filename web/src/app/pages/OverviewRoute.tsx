import { ComingPage } from './ComingPage.tsx'

export function OverviewRoute() {
  return <ComingPage page="overview" />
}
