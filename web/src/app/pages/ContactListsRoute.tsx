import { ComingPage } from './ComingPage.tsx'

export function ContactListsRoute() {
  return <ComingPage page="contactLists" />
}
