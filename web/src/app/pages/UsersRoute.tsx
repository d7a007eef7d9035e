import { ComingPage } from './ComingPage.tsx'

export function UsersRoute() {
  return <ComingPage page="users" />
}
