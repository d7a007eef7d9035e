import type { Kysely, Transaction } from 'kysely'
import type { AuditTables } from '#server/audit/auditTables.ts'
import type { AuthTables } from '#server/auth/authTables.ts'
import type { CampaignTables } from '#server/campaigns/campaignTables.ts'
import type { ChannelTables } from '#server/channels/channelTables.ts'
import type { ContactTables } from '#server/contacts/contactTables.ts'
import type { DispatchTables } from '#server/dispatch/dispatchTables.ts'
import type { PhoneTables } from '#server/phone/phoneTables.ts'
import type { MediaTables } from '#server/media/mediaTables.ts'
import type { ReceiptTables } from '#server/receipts/receiptTables.ts'
import type { RecipientTables } from '#server/recipients/recipientTables.ts'
import type { ReportTables } from '#server/reports/reportTables.ts'
import type { SecretTables } from '#server/secrets/secretTables.ts'
import type { SuppressionTables } from '#server/suppressions/suppressionTables.ts'
import type { TemplateTables } from '#server/templates/templateTables.ts'

/** Every table, gathered from the domains that own them; types only. */
export interface Database
  extends
    AuditTables,
    AuthTables,
    CampaignTables,
    ChannelTables,
    ContactTables,
    DispatchTables,
    PhoneTables,
    MediaTables,
    ReceiptTables,
    RecipientTables,
    ReportTables,
    SecretTables,
    SuppressionTables,
    TemplateTables {}

export type Db = Kysely<Database>
/** What must be atomic takes this: forgetting the transaction is a type error. */
export type Trx = Transaction<Database>
