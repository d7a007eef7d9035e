import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SavedTemplate } from '#contract/templates.ts'
import { ConfirmCall } from '../../../lib/ConfirmCall.tsx'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { ItemCard, PageHeader } from '../../../ui/Card.tsx'
import { CursorPager } from '../../../ui/CursorPager.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { Menu } from '../../../ui/Menu.tsx'
import { SkeletonList } from '../../../ui/Skeleton.tsx'
import { WhatsappText } from '../../../ui/WhatsappText.tsx'
import { templateQuery, templatesQuery, useDeleteTemplate } from '../api/templates.ts'
import { TemplateEditor } from './TemplateEditor.tsx'

/** Instead of an id: one that is being made. */
export const NEW_TEMPLATE = 'new'

type Props = {
  userId: string
  /** What is open in the editor. */
  templateId: string | undefined
  onOpen: (templateId: string | undefined) => void
}

/** Messages kept under a name, and the place where they are written. */
export function TemplatesPage({ userId, templateId, onOpen }: Props) {
  const close = () => onOpen(undefined)
  if (templateId === undefined) return <List onOpen={onOpen} />
  if (templateId === NEW_TEMPLATE)
    return <TemplateEditor key={NEW_TEMPLATE} userId={userId} template={null} onDone={close} />
  return <Saved key={templateId} userId={userId} templateId={templateId} onDone={close} />
}

function Saved({ userId, templateId, onDone }: { userId: string; templateId: string; onDone: () => void }) {
  const { t } = useTranslation()
  const template = useQuery(templateQuery(templateId))
  if (template.isLoadingError) {
    return (
      <>
        <PageHeader title={t('templates.title')} />
        <ErrorNotice
          error={template.error}
          onRetry={() => void template.refetch()}
          action={
            <Button look="secondary" size="small" onClick={onDone}>
              {t('templates.backToList')}
            </Button>
          }
        />
      </>
    )
  }
  if (template.data === undefined) return <Loading label={t('common.loading')} />
  return <TemplateEditor userId={userId} template={template.data} onDone={onDone} />
}

function List({ onOpen }: { onOpen: Props['onOpen'] }) {
  const { t } = useTranslation()
  const templates = useInfiniteQuery(templatesQuery)
  const [deleting, setDeleting] = useState<SavedTemplate | null>(null)
  const items = templates.data?.pages.flatMap((page) => page.items) ?? []
  const make = (
    <Button icon="plus" onClick={() => onOpen(NEW_TEMPLATE)}>
      {t('templates.new')}
    </Button>
  )
  return (
    <>
      <PageHeader title={t('templates.title')} lead={t('templates.lead')} actions={items.length > 0 && make} />
      {templates.isPending && <SkeletonList label={t('common.loading')} rows={3} />}
      {templates.error !== null && <ErrorNotice error={templates.error} onRetry={() => void templates.refetch()} />}
      {templates.isSuccess && items.length === 0 && (
        <EmptyState title={t('templates.emptyTitle')} action={make}>
          {t('templates.emptyText')}
        </EmptyState>
      )}
      <ul className="grid gap-4 lg:grid-cols-2">
        {items.map((template) => (
          <li key={template.id} className="min-w-0">
            <TemplateCard template={template} onOpen={onOpen} onDelete={() => setDeleting(template)} />
          </li>
        ))}
      </ul>
      <CursorPager
        moreLabel={t('common.more')}
        hasMore={templates.hasNextPage}
        busy={templates.isFetchingNextPage}
        onMore={() => void templates.fetchNextPage()}
      />
      {deleting !== null && <DeleteDialog template={deleting} onClose={() => setDeleting(null)} />}
    </>
  )
}

type CardProps = { template: SavedTemplate; onOpen: Props['onOpen']; onDelete: () => void }

function TemplateCard({ template, onOpen, onDelete }: CardProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const [first] = template.messages
  const text = first !== undefined && 'content' in first ? (first.content ?? '') : ''
  return (
    <ItemCard className="relative flex h-full flex-col gap-3" aria-label={template.name}>
      <div className="flex items-start justify-between gap-3">
        <h2 className="min-w-0 text-lg font-semibold [overflow-wrap:anywhere]" dir="auto">
          <button
            type="button"
            className="text-left after:absolute after:inset-0 after:rounded-card"
            onClick={() => onOpen(template.id)}
          >
            {template.name}
          </button>
        </h2>
        <Menu
          label={t('templates.more', { name: template.name })}
          items={[
            { label: t('common.edit'), icon: 'edit', onSelect: () => onOpen(template.id) },
            { label: t('common.delete'), icon: 'trash', tone: 'bad', separated: true, onSelect: onDelete },
          ]}
        />
      </div>
      <p className="line-clamp-3 text-sm whitespace-pre-line text-ink-soft [overflow-wrap:anywhere]" dir="auto">
        {text === '' ? t(`templates.types.${first?.type ?? 'text'}`) : <WhatsappText text={text} />}
      </p>
      <p className="mt-auto text-sm text-ink-soft">
        {t('templates.messageCount', {
          count: template.messages.length,
          n: format.number(template.messages.length),
        })}
        {' · '}
        {t('templates.changedAt', { at: format.instant(template.updatedAt) })}
      </p>
    </ItemCard>
  )
}

function DeleteDialog({ template, onClose }: { template: SavedTemplate; onClose: () => void }) {
  const { t } = useTranslation()
  const remove = useDeleteTemplate(onClose)
  return (
    <ConfirmCall
      title={t('templates.deleteTitle', { name: template.name })}
      confirmLabel={t('common.delete')}
      call={remove}
      offersRetry
      onConfirm={() => remove.mutate(template.id)}
      onClose={onClose}
    >
      <p>{t('templates.deleteText')}</p>
    </ConfirmCall>
  )
}
