import { ComingPage } from './ComingPage.tsx'

export function AuditRoute() {
  return <ComingPage page="audit" />
}
