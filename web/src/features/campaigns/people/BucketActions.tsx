import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignSummary } from '#contract/campaigns.ts'
import { isFinal, type RecipientStatus } from '#contract/states.ts'
import { Button, buttonClass } from '../../../ui/Button.tsx'
import { Icon } from '../../../ui/icons.tsx'
import { RetryFailedDialog } from '../components/RetryFailedDialog.tsx'
import { DecideUnknownDialog } from './DecideUnknownDialog.tsx'

type Props = {
  campaign: Pick<CampaignSummary, 'id' | 'status' | 'stats'>
  state: RecipientStatus | undefined
  onOpen: (campaignId: string) => void
}

/** What can be done for the people of one state: write again, decide, or take the list along. */
export function BucketActions({ campaign, state, onOpen }: Props) {
  const { t } = useTranslation()
  const [asks, setAsks] = useState<'retry' | 'unknown' | null>(null)
  const { id, status, stats } = campaign
  const close = () => setAsks(null)
  const exported = state === undefined ? '' : `?status=${state}`
  return (
    <div className="flex flex-wrap gap-2">
      {state === 'failed' && stats.failed > 0 && isFinal(status) && (
        <Button icon="refresh" onClick={() => setAsks('retry')}>
          {t('people.retry')}
        </Button>
      )}
      {state === 'unknown' && stats.unknown > 0 && (
        <Button icon="check" onClick={() => setAsks('unknown')}>
          {t('people.decide')}
        </Button>
      )}
      <a
        href={`/api/user/bulk-campaigns/${id}/report/export${exported}`}
        download
        className={buttonClass({ look: 'secondary' })}
      >
        <Icon name="download" />
        {t('people.export')}
      </a>
      {asks === 'retry' && <RetryFailedDialog campaign={campaign} onOpen={onOpen} onClose={close} />}
      {asks === 'unknown' && <DecideUnknownDialog campaign={campaign} onClose={close} />}
    </div>
  )
}
