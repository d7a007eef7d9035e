import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../../lib/useFormat.ts'
import { Button } from '../../../../ui/Button.tsx'
import { Dialog } from '../../../../ui/Dialog.tsx'
import type { CampaignPlan } from '../plan/campaignPlan.ts'
import { parseTypedRecipients } from '#contract/parseTypedRecipients.ts'
import type { DraftKeeper, DraftState } from './DraftKeeper.ts'

type Props = { state: DraftState; keeper: DraftKeeper; onStartAnew: () => void }

/** Two tabs, or two people, went on with the same draft: a person says which one stays. */
export function DraftConflict({ state, keeper, onStartAnew }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const { other } = state
  const isGone = other === null
  return (
    <Dialog
      open={state.saving === 'conflict'}
      // Closing is no answer: until there is one nothing would be saved.
      onClose={() => undefined}
      title={t(isGone ? 'newCampaign.goneTitle' : 'newCampaign.conflictTitle')}
      closeLabel={t('common.close')}
      description={t(isGone ? 'newCampaign.goneText' : 'newCampaign.conflictText')}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Version title={t('newCampaign.versionHere')} plan={state.plan} />
        {other !== null && (
          <Version title={t('newCampaign.versionThere', { at: format.instant(other.updatedAt) })} plan={other.plan} />
        )}
      </div>
      <div className="flex flex-col gap-3 sm:flex-row">
        <Button onClick={() => keeper.keepMine()}>{t('newCampaign.keepMine')}</Button>
        {isGone ? (
          <Button look="secondary" onClick={onStartAnew}>
            {t('newCampaign.startAnew')}
          </Button>
        ) : (
          <Button look="secondary" onClick={() => keeper.keepTheirs()}>
            {t('newCampaign.keepTheirs')}
          </Button>
        )}
      </div>
    </Dialog>
  )
}

function Version({ title, plan }: { title: string; plan: CampaignPlan }) {
  const { t } = useTranslation()
  const text = plan.messages.map(({ content }) => content).join(' ')
  return (
    <div className="flex min-w-0 flex-col gap-1 rounded-control bg-sunk p-3 text-sm">
      <p className="font-semibold">{title}</p>
      <p className="truncate">{plan.name.trim() === '' ? t('newCampaign.unnamed') : plan.name}</p>
      <p className="text-ink-soft">{t('newCampaign.versionTyped', { n: parseTypedRecipients(plan.typed).length })}</p>
      <p className="line-clamp-2 text-ink-soft">{text}</p>
    </div>
  )
}
