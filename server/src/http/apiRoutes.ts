import { accountRoutes } from '#server/auth/accountRoutes.ts'
import { adminUserRoutes } from '#server/auth/adminUserRoutes.ts'
import { auditRoutes, type AuditRoutesDeps } from '#server/audit/auditRoutes.ts'
import { apiKeyRoutes } from '#server/auth/apiKeyRoutes.ts'
import { authRoutes } from '#server/auth/authRoutes.ts'
import type { SignInDeps } from '#server/auth/signIn.ts'
import { campaignRoutes, type CampaignRoutesDeps } from '#server/campaigns/campaignRoutes.ts'
import { draftRoutes, type DraftRoutesDeps } from '#server/campaigns/draftRoutes.ts'
import { frequencyCapRoutes, type FrequencyCapRoutesDeps } from '#server/campaigns/frequencyCapRoutes.ts'
import { followUpRoutes, type FollowUpRoutesDeps } from '#server/campaigns/followUpRoutes.ts'
import { channelRoutes, type ChannelRoutesDeps } from '#server/channels/channelRoutes.ts'
import { pairingRoutes, type PairingRoutesDeps } from '#server/channels/pairingRoutes.ts'
import { addressBookRoutes, type AddressBookRoutesDeps } from '#server/contacts/addressBookRoutes.ts'
import { contactListRoutes, type ContactListRoutesDeps } from '#server/contacts/contactListRoutes.ts'
import { contactRoutes, type ContactRoutesDeps } from '#server/contacts/contactRoutes.ts'
import { importRoutes, type ImportRoutesDeps } from '#server/contacts/importRoutes.ts'
import { errorLogRoutes } from '#server/dispatch/errorLogRoutes.ts'
import { progressRoutes, type ProgressRoutesDeps } from '#server/dispatch/progressRoutes.ts'
import type { RoutePlugin } from '#server/lib/http.ts'
import { mediaRoutes, type MediaRoutesDeps } from '#server/media/mediaRoutes.ts'
import { messageRoutes, type MessageRoutesDeps } from '#server/messages/messageRoutes.ts'
import { testSendRoutes, type TestSendRoutesDeps } from '#server/messages/testSendRoutes.ts'
import { peopleRoutes, type PeopleRoutesDeps } from '#server/people/peopleRoutes.ts'
import { phoneRoutes, type PhoneRoutesDeps } from '#server/phone/phoneRoutes.ts'
import { userSettingsRoutes, type UserSettingsRoutesDeps } from '#server/phone/userSettingsRoutes.ts'
import { hookRoutes, type HookRoutesDeps } from '#server/receipts/hookRoutes.ts'
import { overviewRoutes, type OverviewRoutesDeps } from '#server/reports/overviewRoutes.ts'
import { preflightRoutes, type PreflightRoutesDeps } from '#server/reports/preflightRoutes.ts'
import { reportRoutes, type ReportRoutesDeps } from '#server/reports/reportRoutes.ts'
import { suppressionFileRoutes, type SuppressionFileRoutesDeps } from '#server/suppressions/suppressionFileRoutes.ts'
import { suppressionRoutes, type SuppressionRoutesDeps } from '#server/suppressions/suppressionRoutes.ts'
import { templateRoutes, type TemplateRoutesDeps } from '#server/templates/templateRoutes.ts'

/** What the domains' routes need, made in compose.ts. */
export type ApiServices = {
  auth: SignInDeps
  channels: ChannelRoutesDeps & PairingRoutesDeps
  phones: PhoneRoutesDeps & UserSettingsRoutesDeps
  people: SuppressionRoutesDeps &
    SuppressionFileRoutesDeps &
    ContactRoutesDeps &
    ContactListRoutesDeps &
    AddressBookRoutesDeps &
    PeopleRoutesDeps
  imports: ImportRoutesDeps
  content: MediaRoutesDeps & TemplateRoutesDeps
  campaigns: CampaignRoutesDeps & DraftRoutesDeps & FollowUpRoutesDeps & FrequencyCapRoutesDeps & PreflightRoutesDeps
  messages: MessageRoutesDeps & TestSendRoutesDeps
  progress: ProgressRoutesDeps
  reports: ReportRoutesDeps & OverviewRoutesDeps
  hooks: HookRoutesDeps
  audit: AuditRoutesDeps
}

/** The whole API, one line a domain. */
export function apiRoutes(services: ApiServices): RoutePlugin[] {
  return [
    authRoutes(services.auth),
    accountRoutes(services.auth),
    adminUserRoutes(services.auth),
    apiKeyRoutes(services.auth),
    channelRoutes(services.channels),
    pairingRoutes(services.channels),
    phoneRoutes(services.phones),
    userSettingsRoutes(services.phones),
    suppressionRoutes(services.people),
    suppressionFileRoutes(services.people),
    contactRoutes(services.people),
    contactListRoutes(services.people),
    addressBookRoutes(services.people),
    peopleRoutes(services.people),
    importRoutes(services.imports),
    mediaRoutes(services.content),
    templateRoutes(services.content),
    campaignRoutes(services.campaigns),
    draftRoutes(services.campaigns),
    followUpRoutes(services.campaigns),
    frequencyCapRoutes(services.campaigns),
    preflightRoutes(services.campaigns),
    messageRoutes(services.messages),
    testSendRoutes(services.messages),
    progressRoutes(services.progress),
    reportRoutes(services.reports),
    overviewRoutes(services.reports),
    hookRoutes(services.hooks),
    errorLogRoutes(services.audit),
    auditRoutes(services.audit),
  ]
}
