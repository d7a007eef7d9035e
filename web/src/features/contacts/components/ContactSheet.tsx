import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Contact } from '#contract/contacts.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Loading } from '../../../ui/Loading.tsx'
import { Sheet } from '../../../ui/Sheet.tsx'
import { Tabs } from '../../../ui/Tabs.tsx'
import { contactQuery } from '../api/contact.ts'
import { useChangeList } from '../api/contactLists.ts'
import { ContactActivityList } from './ContactActivityList.tsx'
import { ContactForm } from './ContactForm.tsx'
import { ContactPrivacy } from './ContactPrivacy.tsx'
import { ListChoice } from './ListChoice.tsx'

type Props = {
  contactId: number
  campaignLink: (campaignId: string, name: string) => ReactNode
  onClose: () => void
}

type TabName = 'data' | 'activity' | 'privacy'

/** One person beside the table: who they are, what they got, and what is theirs to ask for. */
export function ContactSheet({ contactId, campaignLink, onClose }: Props) {
  const { t } = useTranslation()
  const contact = useQuery(contactQuery(contactId))
  const [tab, setTab] = useState<TabName>('data')
  const { data } = contact
  const phone = data === undefined ? '' : formatPhone(data.phone)
  return (
    <Sheet
      open
      onClose={onClose}
      title={data === undefined ? t('contacts.one') : data.name || phone}
      description={phone}
      closeLabel={t('common.close')}
    >
      {contact.isPending && <Loading label={t('common.loading')} />}
      {contact.isLoadingError && <ErrorNotice error={contact.error} onRetry={() => void contact.refetch()} />}
      {data !== undefined && (
        <Tabs
          label={t('contacts.one')}
          value={tab}
          onChange={setTab}
          tabs={(['data', 'activity', 'privacy'] as const).map((name) => ({
            value: name,
            label: t(`contacts.tabs.${name}`),
          }))}
        >
          {tab === 'data' && <Data contact={data} />}
          {tab === 'activity' && <ContactActivityList contactId={contactId} campaignLink={campaignLink} />}
          {tab === 'privacy' && <ContactPrivacy contact={data} onGone={onClose} />}
        </Tabs>
      )}
    </Sheet>
  )
}

function Data({ contact }: { contact: Contact }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <div className="flex flex-col gap-6">
      <ListsOf contact={contact} />
      <ContactForm contact={contact} />
      <p className="text-sm text-ink-soft">
        {t('contacts.createdAt', { at: format.instant(contact.createdAt) })}{' '}
        {contact.updatedAt !== contact.createdAt && t('contacts.updatedAt', { at: format.instant(contact.updatedAt) })}
      </p>
    </div>
  )
}

/** Groups and tags change at once: they are about other people, too, and no draft of one form. */
function ListsOf({ contact }: { contact: Contact }) {
  const client = useQueryClient()
  const change = useChangeList()
  const apply = (kind: 'group' | 'tag', before: string[], after: string[]) => {
    const [added] = after.filter((id) => !before.includes(id))
    const removed = before.filter((id) => !after.includes(id))
    const field = kind === 'group' ? 'groupIds' : 'tagIds'
    client.setQueryData(contactQuery(contact.id).queryKey, { ...contact, [field]: after })
    const selection = { contactIds: [contact.id] }
    if (added !== undefined) change.mutate({ kind, listId: added, how: 'add', selection })
    for (const listId of removed) change.mutate({ kind, listId, how: 'remove', selection })
  }
  return (
    <div className="flex flex-col gap-4">
      <ListChoice
        kind="group"
        chosen={contact.groupIds}
        onChange={(after) => apply('group', contact.groupIds, after)}
      />
      <ListChoice kind="tag" chosen={contact.tagIds} onChange={(after) => apply('tag', contact.tagIds, after)} />
      {change.error !== null && (
        <ErrorNotice
          error={change.error}
          onRetry={() => {
            if (change.variables !== undefined) change.mutate(change.variables)
          }}
        />
      )}
    </div>
  )
}
