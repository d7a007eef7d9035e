import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignProgress } from '#contract/campaigns.ts'
import { isFinal, openOf } from '#contract/states.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { ConfirmDialog } from '../../../ui/Dialog.tsx'
import { useChangeCampaignState } from '../api/changeCampaignState.ts'

/** What can be done in this state; cancelling asks first, for it cannot be taken back. */
export function CampaignActions({ progress }: { progress: CampaignProgress }) {
  const { t } = useTranslation()
  const [asks, setAsks] = useState(false)
  const change = useChangeCampaignState(progress.campaignId, () => setAsks(false))
  const { status, startRequested } = progress
  if (isFinal(status)) return null
  const isDoing = (act: string) => change.isPending && change.variables === act
  return (
    <div className="flex flex-wrap gap-2">
      {status === 'draft' && !startRequested && (
        <Button size="small" icon="play" busy={isDoing('start')} onClick={() => change.mutate('start')}>
          {t('monitor.start')}
        </Button>
      )}
      {status === 'running' && (
        <Button
          size="small"
          look="secondary"
          icon="pause"
          busy={isDoing('pause')}
          onClick={() => change.mutate('pause')}
        >
          {t('monitor.pause')}
        </Button>
      )}
      {status === 'paused' && (
        <Button size="small" icon="play" busy={isDoing('resume')} onClick={() => change.mutate('resume')}>
          {t('monitor.resume')}
        </Button>
      )}
      <Button size="small" look="quiet" icon="close" onClick={() => setAsks(true)}>
        {t('monitor.cancel')}
      </Button>
      {change.error !== null && !asks && <ErrorNotice error={change.error} className="w-full" />}
      <CancelDialog
        open={asks}
        waiting={openOf(progress.stats)}
        busy={isDoing('cancel')}
        error={change.variables === 'cancel' ? change.error : null}
        onConfirm={() => change.mutate('cancel')}
        onClose={() => setAsks(false)}
      />
    </div>
  )
}

type CancelProps = {
  open: boolean
  waiting: number
  busy: boolean
  error: unknown
  onConfirm: () => void
  onClose: () => void
}

function CancelDialog({ open, waiting, busy, error, onConfirm, onClose }: CancelProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <ConfirmDialog
      open={open}
      title={t('monitor.cancelTitle')}
      confirmLabel={t('monitor.cancelConfirm')}
      cancelLabel={t('monitor.cancelKeep')}
      busy={busy}
      onConfirm={onConfirm}
      onCancel={onClose}
    >
      <p>{t('monitor.cancelText', { count: waiting, n: format.number(waiting) })}</p>
      {error !== null && <ErrorNotice error={error} />}
    </ConfirmDialog>
  )
}
