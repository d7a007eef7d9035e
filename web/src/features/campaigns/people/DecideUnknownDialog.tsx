import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignSummary, DecideUnknownBody } from '#contract/campaigns.ts'
import { isFinal } from '#contract/states.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { ChoiceList } from '../../../ui/ChoiceList.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { useDecideUnknown } from '../api/followUps.ts'

type Props = { campaign: Pick<CampaignSummary, 'id' | 'status' | 'stats'>; onClose: () => void }
type Decision = DecideUnknownBody['action']

/** Nobody can tell whether these people got the message; a person decides what the books say, or sends again. */
export function DecideUnknownDialog({ campaign: { id, status, stats }, onClose }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const [decision, setDecision] = useState<Decision>('sent')
  const decide = useDecideUnknown(id, (count) => {
    showToast({ title: t('people.decided', { count, n: format.number(count) }) })
    onClose()
  })
  // A campaign that has ended sends nothing any more.
  const decisions: readonly Decision[] = isFinal(status) ? ['sent', 'skip'] : ['sent', 'skip', 'resend']
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('people.decideTitle', { count: stats.unknown, n: format.number(stats.unknown) })}
      closeLabel={t('common.close')}
      description={t('people.decideText')}
    >
      <ChoiceList
        legend={t('people.decide')}
        legendHidden
        value={decision}
        onChange={setDecision}
        choices={decisions.map((value) => ({
          value,
          label: t(`people.decision.${value}`),
          hint: t(`people.decisionHint.${value}`),
        }))}
      />
      {decide.error !== null && <ErrorNotice error={decide.error} />}
      <Button busy={decide.isPending} onClick={() => decide.mutate(decision)}>
        {t('people.decideConfirm')}
      </Button>
    </Dialog>
  )
}
