import { ComingPage } from './ComingPage.tsx'

export function ContactsRoute() {
  return <ComingPage page="contacts" />
}
