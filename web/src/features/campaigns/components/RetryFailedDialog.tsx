import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignSummary } from '#contract/campaigns.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { CheckField } from '../../../ui/fields.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { newPress, useRetryFailed } from '../api/followUps.ts'

type Props = {
  campaign: Pick<CampaignSummary, 'id' | 'stats'>
  onOpen: (campaignId: string) => void
  onClose: () => void
}

/** A campaign of its own for those who failed. Those of whom nobody knows come along only when asked for. */
export function RetryFailedDialog({ campaign: { id, stats }, onOpen, onClose }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const [includeUnknown, setIncludeUnknown] = useState(stats.failed === 0)
  const [start, setStart] = useState(false)
  const [press] = useState(newPress)
  const retry = useRetryFailed(id, ({ campaignId, recipients }) => {
    showToast({ title: t('outbox.retried', { count: recipients, n: format.number(recipients) }) })
    onOpen(campaignId)
    onClose()
  })
  return (
    <Dialog open onClose={onClose} title={t('outbox.retryTitle')} closeLabel={t('common.close')}>
      <p>{t('outbox.retryText', { count: stats.failed, n: format.number(stats.failed) })}</p>
      {stats.unknown > 0 && (
        <CheckField
          label={t('outbox.retryUnknown', { count: stats.unknown, n: format.number(stats.unknown) })}
          hint={t('outbox.retryUnknownHint')}
          checked={includeUnknown}
          onChange={(event) => setIncludeUnknown(event.target.checked)}
        />
      )}
      <CheckField
        label={t('outbox.retryStart')}
        hint={t('outbox.retryStartHint')}
        checked={start}
        onChange={(event) => setStart(event.target.checked)}
      />
      {retry.error !== null && <ErrorNotice error={retry.error} />}
      <Button
        busy={retry.isPending}
        disabled={stats.failed === 0 && !includeUnknown}
        // What is asked for is part of the key: another choice is another request.
        onClick={() =>
          retry.mutate({ press: `${press}${Number(includeUnknown)}${Number(start)}`, includeUnknown, start })
        }
      >
        {t('outbox.retryConfirm')}
      </Button>
    </Dialog>
  )
}
