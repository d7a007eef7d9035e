import { ComingPage } from './ComingPage.tsx'

export function SettingsRoute() {
  return <ComingPage page="settings" />
}
