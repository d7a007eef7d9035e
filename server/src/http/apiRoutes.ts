import { apiKeyRoutes } from '#server/auth/apiKeyRoutes.ts'
import { authRoutes, type AuthRoutesDeps } from '#server/auth/authRoutes.ts'
import { campaignRoutes, type CampaignRoutesDeps } from '#server/campaigns/campaignRoutes.ts'
import { followUpRoutes, type FollowUpRoutesDeps } from '#server/campaigns/followUpRoutes.ts'
import { channelRoutes, type ChannelRoutesDeps } from '#server/channels/channelRoutes.ts'
import { importRoutes, type ImportRoutesDeps } from '#server/contacts/importRoutes.ts'
import { progressRoutes, type ProgressRoutesDeps } from '#server/dispatch/progressRoutes.ts'
import type { RoutePlugin } from '#server/lib/http.ts'
import { messageRoutes, type MessageRoutesDeps } from '#server/messages/messageRoutes.ts'
import { hookRoutes, type HookRoutesDeps } from '#server/receipts/hookRoutes.ts'

/** What the domains' routes need, made in compose.ts. */
export type ApiServices = {
  auth: AuthRoutesDeps
  channels: ChannelRoutesDeps
  imports: ImportRoutesDeps
  campaigns: CampaignRoutesDeps & FollowUpRoutesDeps
  messages: MessageRoutesDeps
  progress: ProgressRoutesDeps
  hooks: HookRoutesDeps
}

/** The whole API, one line a domain. */
export function apiRoutes(services: ApiServices): RoutePlugin[] {
  return [
    authRoutes(services.auth),
    apiKeyRoutes(services.auth),
    channelRoutes(services.channels),
    importRoutes(services.imports),
    campaignRoutes(services.campaigns),
    followUpRoutes(services.campaigns),
    messageRoutes(services.messages),
    progressRoutes(services.progress),
    hookRoutes(services.hooks),
  ]
}
