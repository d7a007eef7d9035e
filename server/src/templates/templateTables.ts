import type { ColumnType, Generated } from 'kysely'
import type { CampaignMessage } from '#contract/campaignMessages.ts'
import type { TemplateNeed } from '#contract/templates.ts'

export interface MessageTemplatesTable {
  user_id: string
  id: Generated<string>
  name: string
  messages: ColumnType<CampaignMessage[], string, string>
  needs: ColumnType<TemplateNeed[], string, string>
  created_at: ColumnType<Date, Date | undefined, Date>
  updated_at: ColumnType<Date, Date | undefined, Date>
}

export interface TemplateTables {
  message_templates: MessageTemplatesTable
}
