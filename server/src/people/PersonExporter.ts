import type { PersonExport } from '#contract/contacts.ts'
import { listEventsAbout } from '#server/audit/listEventsAbout.ts'
import type { AuditLogger } from '#server/audit/AuditLogger.ts'
import { toContact } from '#server/contacts/contactAnswers.ts'
import {
  findContactByPhone,
  findLabelledContact,
  listImportsOfContact,
  listWarningsOfPhone,
  type ContactImportEntry,
} from '#server/contacts/contactQueries.ts'
import { listLabelsOfContact } from '#server/contacts/contactLists.ts'
import type { Db } from '#server/db/Database.ts'
import { transaction } from '#server/db/transaction.ts'
import { doneBy, type Actor } from '#server/lib/http.ts'
import { findAnswers, type StoredAnswer } from '#server/phone/phoneCheckQueries.ts'
import { findPlacesOf } from '#server/recipients/eraseRecipients.ts'
import { listHistory, type RecipientHistory } from '#server/recipients/recipientHistory.ts'
import type { SuppressionList } from '#server/suppressions/SuppressionList.ts'
import { toSuppression } from '#server/suppressions/SuppressionService.ts'

/** However old: they leave by themselves. */
const EVER_MS = 100 * 365 * 86_400_000

export type PersonExporterDeps = { db: Db; audit: AuditLogger; list: SuppressionList }

/** Everything that an account knows of one person, for the person who asks. Who exported it stands in the trail. */
export class PersonExporter {
  readonly #deps: PersonExporterDeps

  constructor(deps: PersonExporterDeps) {
    this.#deps = deps
  }

  /** `phone`: E.164. Empty lists where nothing is known. */
  async export(actor: Actor, phone: string): Promise<PersonExport> {
    const { db, audit, list } = this.#deps
    const userId = actor.ownerId
    const found = await findContactByPhone(db, userId, phone)
    const contact = found && (await findLabelledContact(db, userId, found.id))
    const labels = contact === undefined ? [] : await listLabelsOfContact(db, userId, contact.id)
    const suppression = await list.find(db, userId, phone)
    const [check] = await findAnswers(db, userId, [phone], EVER_MS)
    const history = await listHistory(db, userId, await findPlacesOf(db, userId, phone))
    const targets = [suppression?.id, contact && String(contact.id)].filter((target) => target !== undefined)
    const events = await listEventsAbout(db, userId, targets)
    await transaction(db, (trx) =>
      audit.logEvent(trx, {
        ...doneBy(actor),
        ownerId: userId,
        action: 'contact-export',
        ...(targets[0] === undefined ? {} : { target: targets.at(-1) ?? targets[0] }),
        details: { campaigns: history.length },
      }),
    )
    return {
      phone,
      exportedAt: new Date().toISOString(),
      contact: contact === undefined ? null : toContact(contact),
      groups: labels.filter(({ kind }) => kind === 'group').map(({ name }) => name),
      tags: labels.filter(({ kind }) => kind === 'tag').map(({ name }) => name),
      suppression: suppression === undefined ? null : toSuppression(suppression),
      whatsapp: check === undefined ? null : toCheck(check),
      imports: contact === undefined ? [] : (await listImportsOfContact(db, userId, contact.id)).map(toImport),
      warnings: await listWarningsOfPhone(db, userId, phone),
      campaigns: history.map(toCampaign),
      auditEvents: events.map(({ action, at, details }) => ({ action, at: at.toISOString(), details })),
    }
  }
}

function toCheck({ isOnWhatsapp, jid, checkedAt }: StoredAnswer) {
  return { isOnWhatsapp, jid, checkedAt: checkedAt.toISOString() }
}

function toImport({ importedAt, ...entry }: ContactImportEntry) {
  return { ...entry, importedAt: importedAt.toISOString() }
}

function toCampaign({ statusAt, createdAt, ...entry }: RecipientHistory) {
  return { ...entry, statusAt: statusAt.toISOString(), createdAt: createdAt.toISOString() }
}
