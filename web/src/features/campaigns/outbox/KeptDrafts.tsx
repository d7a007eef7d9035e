import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignDraftSummary } from '#contract/campaignDrafts.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { ItemCard } from '../../../ui/Card.tsx'
import { ConfirmDialog } from '../../../ui/Dialog.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { useDeleteDraft } from '../api/campaignDrafts.ts'

export type DraftLink = (draft: CampaignDraftSummary, text: string, label: string) => ReactNode

type Props = {
  drafts: readonly CampaignDraftSummary[]
  /** Leads back to where it was left; `label` names the draft for those who hear the page. */
  linkTo: DraftLink
}

/** What was begun on the page of a new campaign and is no campaign yet: to go on with, or to throw away. */
export function KeptDrafts({ drafts, linkTo }: Props) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState<CampaignDraftSummary | null>(null)
  return (
    <section aria-label={t('keptDrafts.title')} className="mb-6">
      <h2 className="text-lg font-semibold">{t('keptDrafts.title')}</h2>
      <p className="mb-3 text-sm text-ink-soft">{t('keptDrafts.lead')}</p>
      <ul className="flex flex-col gap-3">
        {drafts.map((draft) => (
          <li key={draft.id}>
            <DraftRow draft={draft} linkTo={linkTo} onDelete={() => setAsked(draft)} />
          </li>
        ))}
      </ul>
      {asked !== null && <DeleteDraftDialog draft={asked} onClose={() => setAsked(null)} />}
    </section>
  )
}

type RowProps = { draft: CampaignDraftSummary; linkTo: DraftLink; onDelete: () => void }

function DraftRow({ draft, linkTo, onDelete }: RowProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const name = useDraftName(draft)
  return (
    <ItemCard className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
      <div className="min-w-0 max-md:w-full">
        <h3 className="font-semibold [overflow-wrap:anywhere]">
          <bdi>{name}</bdi>
        </h3>
        <p className="text-sm text-ink-soft">{t('keptDrafts.touched', { at: format.when(draft.updatedAt) })}</p>
      </div>
      <div className="flex flex-wrap gap-2">
        {linkTo(draft, t('keptDrafts.continue'), t('keptDrafts.continueNamed', { name }))}
        <Button
          look="quiet"
          size="small"
          icon="trash"
          aria-label={t('keptDrafts.deleteNamed', { name })}
          onClick={onDelete}
        >
          {t('common.delete')}
        </Button>
      </div>
    </ItemCard>
  )
}

function DeleteDraftDialog({ draft, onClose }: { draft: CampaignDraftSummary; onClose: () => void }) {
  const { t } = useTranslation()
  const name = useDraftName(draft)
  const remove = useDeleteDraft(() => {
    showToast({ title: t('keptDrafts.deleted', { name }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      title={t('keptDrafts.deleteTitle', { name })}
      confirmLabel={t('keptDrafts.deleteConfirm')}
      cancelLabel={t('common.back')}
      busy={remove.isPending}
      onConfirm={() => remove.mutate(draft.id)}
      onCancel={onClose}
    >
      <p>{t('keptDrafts.deleteText')}</p>
      {remove.error !== null && <ErrorNotice error={remove.error} />}
    </ConfirmDialog>
  )
}

function useDraftName({ name }: CampaignDraftSummary): string {
  const { t } = useTranslation()
  return name.trim() === '' ? t('newCampaign.unnamed') : name
}
