import { sql, type Selectable } from 'kysely'
import type { CampaignMessage } from '#contract/campaignMessages.ts'
import type { Db, Trx } from '#server/db/Database.ts'
import { cursorAt, isOlder } from '#server/db/newestFirst.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { ListCursor } from '#server/lib/listCursor.ts'
import { needsOfMessages } from './previewMessages.ts'
import type { MessageTemplatesTable } from './templateTables.ts'

export type TemplateRow = Selectable<MessageTemplatesTable>

export async function findTemplate(db: Db | Trx, userId: string, id: string): Promise<TemplateRow | undefined> {
  return db
    .selectFrom('message_templates')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Newest first, from before `before`; `cursorAt`: created_at with its microseconds, which a JS date loses. */
export async function listTemplates(
  db: Db,
  userId: string,
  options: { limit: number; before: ListCursor | null },
): Promise<(TemplateRow & { cursorAt: string })[]> {
  return db
    .selectFrom('message_templates')
    .selectAll()
    .select(cursorAt())
    .where('user_id', '=', userId)
    .where(isOlder(options.before))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(options.limit)
    .execute()
}

/** Throws NAME_TAKEN. */
export async function insertTemplate(
  trx: Trx,
  userId: string,
  { name, messages }: { name: string; messages: CampaignMessage[] },
): Promise<TemplateRow> {
  return trx
    .insertInto('message_templates')
    .values({ user_id: userId, name, ...contentOf(messages) })
    .returningAll()
    .executeTakeFirstOrThrow()
    .catch(nameTaken)
}

/** Undefined when there is no such template. Throws NAME_TAKEN. */
export async function updateTemplate(
  trx: Trx,
  userId: string,
  id: string,
  { name, messages }: { name?: string | undefined; messages?: CampaignMessage[] | undefined },
): Promise<TemplateRow | undefined> {
  return trx
    .updateTable('message_templates')
    .set({
      ...(name === undefined ? {} : { name }),
      ...(messages === undefined ? {} : contentOf(messages)),
      updated_at: sql<Date>`clock_timestamp()`,
    })
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
    .catch(nameTaken)
}

export async function deleteTemplate(trx: Trx, userId: string, id: string): Promise<TemplateRow | undefined> {
  return trx
    .deleteFrom('message_templates')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
}

function contentOf(messages: CampaignMessage[]) {
  return { messages: JSON.stringify(messages), needs: JSON.stringify(needsOfMessages(messages)) }
}

function nameTaken(error: unknown): never {
  const isTaken = error instanceof Error && 'constraint' in error && error.constraint === 'message_templates_name_key'
  throw isTaken ? new AppError('NAME_TAKEN', { cause: error, details: [{ field: 'name' }] }) : error
}
