import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { Db } from '#server/db/Database.ts'
import { MediaService } from '#server/media/MediaService.ts'
import type { TemplateRoutesDeps } from '#server/templates/templateRoutes.ts'
import { TemplateService } from '#server/templates/TemplateService.ts'
import { findContacts } from './contactQueries.ts'

/** What messages are made of: files, saved messages, and the people for whom they are previewed. */
export function createContent({ db, audit, quotaBytes }: { db: Db; audit: AuditLogger; quotaBytes: number }) {
  const content: TemplateRoutesDeps & { media: MediaService } = {
    media: new MediaService({ db, audit, quotaBytes }),
    templates: new TemplateService({ db, audit }),
    findContacts: (userId, ids) => findContacts(db, userId, ids),
  }
  return content
}
