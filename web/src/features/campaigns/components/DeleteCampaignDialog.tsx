import { useTranslation } from 'react-i18next'
import type { CampaignSummary } from '#contract/campaigns.ts'
import { ConfirmCall } from '../../../lib/ConfirmCall.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { useDeleteCampaign } from '../api/followUps.ts'

type Props = { campaign: Pick<CampaignSummary, 'id' | 'name'>; onClose: () => void; onDeleted?: () => void }

/** Asks, and says what stays: the messages that went out, and the trail of what was done. */
export function DeleteCampaignDialog({ campaign, onClose, onDeleted }: Props) {
  const { t } = useTranslation()
  const remove = useDeleteCampaign(campaign.id, () => {
    showToast({ title: t('outbox.deleted', { name: campaign.name }) })
    onClose()
    onDeleted?.()
  })
  return (
    <ConfirmCall
      title={t('outbox.deleteTitle', { name: campaign.name })}
      confirmLabel={t('outbox.deleteConfirm')}
      call={remove}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{t('outbox.deleteText')}</p>
    </ConfirmCall>
  )
}
