import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignSummary } from '#contract/campaigns.ts'
import { isFinal } from '#contract/states.ts'
import { handleApiError } from '../../../lib/errorHandler.ts'
import { Menu, type MenuItem } from '../../../ui/Menu.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { newPress, useDuplicate } from '../api/followUps.ts'
import { DeleteCampaignDialog } from './DeleteCampaignDialog.tsx'
import { RetryFailedDialog } from './RetryFailedDialog.tsx'

type Props = {
  campaign: Pick<CampaignSummary, 'id' | 'name' | 'status' | 'stats'>
  /** Opens a campaign that came of this one. */
  onOpen: (campaignId: string) => void
  onDeleted?: () => void
  /** Words instead of three dots. */
  named?: boolean
}

/** What else can be done with a campaign: copy it, write again to those who failed, delete it. */
export function CampaignMenu({ campaign, onOpen, onDeleted, named = false }: Props) {
  const { t } = useTranslation()
  const [asks, setAsks] = useState<'retry' | 'delete' | null>(null)
  const duplicate = useDuplicate(campaign.id, (copy) => {
    showToast({ title: t('outbox.duplicated') })
    onOpen(copy.campaignId)
  })
  const copy = () =>
    duplicate.mutate(newPress(), {
      onError: (error) => {
        const { message, suggestion } = handleApiError(error, t)
        showToast({ title: message, text: suggestion, tone: 'warn' })
      },
    })
  const { status, stats } = campaign
  const items: MenuItem[] = [{ label: t('outbox.duplicate'), icon: 'copy', onSelect: copy }]
  if (isFinal(status) && stats.failed + stats.unknown > 0)
    items.push({ label: t('outbox.retryFailed'), icon: 'refresh', onSelect: () => setAsks('retry') })
  if (stats.total > 0)
    items.push({
      label: t('outbox.exportCsv'),
      icon: 'download',
      link: (
        <a href={`/api/user/bulk-campaigns/${campaign.id}/report/export`} download aria-label={t('outbox.exportCsv')} />
      ),
    })
  // The server refuses while people still wait: it is cancelled first.
  if (status !== 'running' && status !== 'paused')
    items.push({
      label: t('common.delete'),
      icon: 'trash',
      tone: 'bad',
      separated: true,
      onSelect: () => setAsks('delete'),
    })
  const close = () => setAsks(null)
  return (
    <>
      <Menu
        label={t('outbox.menuNamed', { name: campaign.name })}
        items={items}
        busy={duplicate.isPending}
        {...(named ? { text: t('campaign.more') } : {})}
      />
      {asks === 'retry' && <RetryFailedDialog campaign={campaign} onOpen={onOpen} onClose={close} />}
      {asks === 'delete' && (
        <DeleteCampaignDialog campaign={campaign} onClose={close} {...(onDeleted === undefined ? {} : { onDeleted })} />
      )}
    </>
  )
}
