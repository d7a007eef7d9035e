import { getRouteApi } from '@tanstack/react-router'
import { ChannelsPage } from '../../features/channels/components/ChannelsPage.tsx'

const route = getRouteApi('/app/channels')

export function ChannelsRoute() {
  const { connect } = route.useSearch()
  const navigate = route.useNavigate()
  return <ChannelsPage connectId={connect} onConnectSeen={() => void navigate({ search: {}, replace: true })} />
}
