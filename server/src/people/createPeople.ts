import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import type { GatewayRegistry } from '#server/channels/GatewayRegistry.ts'
import { AddressBook } from '#server/contacts/AddressBook.ts'
import { ContactListService } from '#server/contacts/ContactListService.ts'
import { ContactService } from '#server/contacts/ContactService.ts'
import type { Db } from '#server/db/Database.ts'
import type { Bell } from '#server/lib/Bell.ts'
import type { SuppressionList } from '#server/suppressions/SuppressionList.ts'
import { SuppressionService } from '#server/suppressions/SuppressionService.ts'
import { PersonEraser } from './PersonEraser.ts'
import { PersonExporter } from './PersonExporter.ts'

/** Whatever an account does with the people it knows. */
export function createPeople(deps: {
  db: Db
  audit: AuditLogger
  list: SuppressionList
  bell: Bell
  gateways: GatewayRegistry
}) {
  return {
    db: deps.db,
    audit: deps.audit,
    lists: new ContactListService(deps),
    addressBook: new AddressBook(deps),
    suppressions: new SuppressionService(deps),
    contacts: new ContactService(deps),
    eraser: new PersonEraser(deps),
    exporter: new PersonExporter(deps),
  }
}
