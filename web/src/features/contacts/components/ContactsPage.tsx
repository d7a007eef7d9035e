import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactSummary } from '#contract/contacts.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { PageHeader } from '../../../ui/Card.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { Menu } from '../../../ui/Menu.tsx'
import { SkeletonList } from '../../../ui/Skeleton.tsx'
import { contactPagesQuery, type ContactsFilter } from '../api/contactPages.ts'
import { summaryQuery } from '../api/contactSummary.ts'
import { AddressBookDialog } from './AddressBookDialog.tsx'
import { ContactSheet } from './ContactSheet.tsx'
import { ContactsTable } from './ContactsTable.tsx'
import { FilterBar } from './FilterBar.tsx'
import { NewContactDialog } from './NewContactDialog.tsx'

type Props = {
  userId: string
  filter: ContactsFilter
  onFilter: (filter: ContactsFilter) => void
  /** Who is open beside the table. */
  contactId: number | undefined
  onContact: (contactId: number | undefined) => void
  importLink: ReactNode
  campaignLink: (campaignId: string, name: string) => ReactNode
}

/** Everybody, however many they are. */
export function ContactsPage({ userId, filter, onFilter, contactId, onContact, importLink, campaignLink }: Props) {
  const { t } = useTranslation()
  const pages = useInfiniteQuery(contactPagesQuery(filter))
  const [open, setOpen] = useState<'new' | 'addressBook' | null>(null)
  const rows = pages.data?.pages.flatMap((page) => page.items) ?? []
  const isFiltered = Object.values(filter).some((value) => value !== undefined)
  const isEmpty = pages.isSuccess && rows.length === 0
  return (
    <>
      <PageHeader
        title={t('contacts.title')}
        lead={<Counts />}
        actions={
          <>
            {importLink}
            <Menu
              label={t('contacts.moreActions')}
              text={t('contacts.add')}
              items={[
                { label: t('contacts.newTitle'), icon: 'plus', onSelect: () => setOpen('new') },
                { label: t('contacts.fromChannel'), icon: 'channel', onSelect: () => setOpen('addressBook') },
              ]}
            />
          </>
        }
      />
      <FilterBar filter={filter} onFilter={onFilter} />
      {pages.isPending && <SkeletonList label={t('common.loading')} />}
      {pages.error !== null && (
        <ErrorNotice error={pages.error} onRetry={() => void pages.refetch()} className="mb-4" />
      )}
      {isEmpty && isFiltered && (
        <EmptyState
          title={t('contacts.noneFound')}
          action={
            <Button look="secondary" onClick={() => onFilter({})}>
              {t('contacts.clearFilter')}
            </Button>
          }
        />
      )}
      {isEmpty && !isFiltered && (
        <EmptyState title={t('contacts.emptyTitle')} action={importLink}>
          {t('contacts.emptyText')}
        </EmptyState>
      )}
      {rows.length > 0 && (
        <ContactsTable
          // What was ticked belongs to what was found.
          key={JSON.stringify(filter)}
          rows={rows}
          filter={filter}
          hasMore={pages.hasNextPage}
          busy={pages.isFetchingNextPage}
          onEnd={() => void pages.fetchNextPage()}
          onContact={onContact}
        />
      )}
      {open === 'new' && (
        <NewContactDialog
          userId={userId}
          onClose={() => setOpen(null)}
          onOpen={(id) => {
            setOpen(null)
            onContact(id)
          }}
        />
      )}
      {open === 'addressBook' && <AddressBookDialog onClose={() => setOpen(null)} />}
      {contactId !== undefined && (
        <ContactSheet
          key={contactId}
          contactId={contactId}
          campaignLink={campaignLink}
          onClose={() => onContact(undefined)}
        />
      )}
    </>
  )
}

/** How many there are, and how many of them will not be written to. */
function Counts() {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(summaryQuery)
  if (data === undefined) return <span>{t('contacts.lead')}</span>
  const said = ({ count, isMore }: ContactSummary['contacts']) => ({
    count,
    n: isMore ? t('contacts.moreThan', { n: format.number(count) }) : format.number(count),
  })
  return (
    <span className="tabular">
      {t('contacts.count', said(data.contacts))}
      {data.suppressed.count > 0 && ` · ${t('contacts.suppressedCount', said(data.suppressed))}`}
      {data.withoutWhatsapp.count > 0 && ` · ${t('contacts.withoutWhatsapp', said(data.withoutWhatsapp))}`}
    </span>
  )
}
