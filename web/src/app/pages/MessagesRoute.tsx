import { ComingPage } from './ComingPage.tsx'

export function MessagesRoute() {
  return <ComingPage page="messages" />
}
