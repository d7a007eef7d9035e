import { useInfiniteQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactImport } from '#contract/imports.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { Button } from '../../../ui/Button.tsx'
import { PageHeader } from '../../../ui/Card.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { importsQuery } from '../api/listImports.ts'
import { DeleteImportDialog } from './DeleteImportDialog.tsx'
import { ImportCard } from './ImportCard.tsx'
import { ImportUpload } from './ImportUpload.tsx'
import { UndoImportDialog } from './UndoImportDialog.tsx'

/** Files in, people out. */
export function ImportsPage({ campaignLink }: { campaignLink: (contactImport: ContactImport) => ReactNode }) {
  const { t } = useTranslation()
  const imports = useInfiniteQuery(importsQuery)
  const [deleting, setDeleting] = useState<ContactImport | null>(null)
  const [undoing, setUndoing] = useState<ContactImport | null>(null)
  const items = imports.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      <PageHeader title={t('imports.title')} lead={t('imports.lead')} />
      <ImportUpload />
      {imports.error !== null && (
        <ErrorNotice error={imports.error} onRetry={() => void imports.refetch()} className="mb-4" />
      )}
      {imports.isPending && <Loading label={t('common.loading')} />}
      {imports.isSuccess && items.length === 0 && (
        <EmptyState title={t('imports.emptyTitle')}>{t('imports.emptyText')}</EmptyState>
      )}
      <ul className="flex flex-col gap-4">
        {items.map((contactImport, index) => (
          <li key={contactImport.id}>
            <ImportCard
              contactImport={contactImport}
              isFirst={index === 0}
              campaignLink={campaignLink(contactImport)}
              onDelete={() => setDeleting(contactImport)}
              onUndo={() => setUndoing(contactImport)}
            />
          </li>
        ))}
      </ul>
      {imports.hasNextPage && (
        <Button
          look="secondary"
          className="mt-4"
          busy={imports.isFetchingNextPage}
          onClick={() => void imports.fetchNextPage()}
        >
          {t('common.more')}
        </Button>
      )}
      {deleting !== null && <DeleteImportDialog contactImport={deleting} onClose={() => setDeleting(null)} />}
      {undoing !== null && <UndoImportDialog contactImport={undoing} onClose={() => setUndoing(null)} />}
    </>
  )
}
