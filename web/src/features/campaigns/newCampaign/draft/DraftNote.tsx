import { useTranslation } from 'react-i18next'
import { handleApiError } from '../../../../lib/errorHandler.ts'
import { Button } from '../../../../ui/Button.tsx'
import { Icon, type IconName } from '../../../../ui/icons.tsx'
import type { DraftState } from './DraftKeeper.ts'

const ICONS: Record<DraftState['saving'], IconName> = {
  new: 'info',
  unsaved: 'refresh',
  saved: 'check',
  failed: 'alert',
  conflict: 'alert',
}

/** Where what was typed is right now. */
export function DraftNote({ state, onRetry }: { state: DraftState; onRetry: () => void }) {
  const { t } = useTranslation()
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
      <span role="status" className="flex items-center gap-1.5">
        <Icon name={ICONS[state.saving]} className="h-4 w-4" />
        {t(`newCampaign.saving.${state.saving}`)}
        {state.saving === 'failed' && ` ${handleApiError(state.error, t).message}`}
      </span>
      {state.saving === 'failed' && (
        <Button look="quiet" size="small" onClick={onRetry}>
          {t('common.retry')}
        </Button>
      )}
    </span>
  )
}
