import { useTranslation } from 'react-i18next'
import type { CampaignDetails } from '#contract/campaigns.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Card } from '../../../ui/Card.tsx'

/** Of an approved template only its name and what we fill in is known here, of a file what stands with it. */
function textOf(message: CampaignDetails['messages'][number]): string {
  if (message.type === 'text') return message.content
  if (message.type !== 'template') return message.type === 'audio' ? '' : (message.content ?? '')
  return [`${message.name} (${message.language})`, ...(message.body ?? []).map(({ text }) => text)].join('\n')
}

/** What a campaign sends, at what pace, and what became of the people who were chosen. */
export function CampaignPlan({ campaign }: { campaign: CampaignDetails }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { totals, delayMin, delayMax } = campaign
  const line = (count: number) => ({ count, n: format.number(count) })
  return (
    <Card className="mt-4 flex flex-col gap-4" aria-label={t('plan.title')}>
      <h2 className="text-lg font-semibold">{t('plan.title')}</h2>
      {campaign.messages.map((message, index) => (
        <p
          key={index}
          className="max-w-prose rounded-card rounded-tl-sm bg-sunk px-4 py-3 whitespace-pre-wrap [overflow-wrap:anywhere]"
        >
          {textOf(message)}
        </p>
      ))}
      <ul className="flex flex-col gap-1 text-sm text-ink-soft">
        <li>
          {delayMax === 0
            ? t('plan.noDelay')
            : t('plan.delay', { min: format.number(delayMin), max: format.number(delayMax) })}
        </li>
        {campaign.randomizeOrder && <li>{t('plan.random')}</li>}
        {!campaign.preparing && <li>{t('plan.chosen', line(totals.chosen))}</li>}
        {!campaign.preparing && totals.duplicates > 0 && <li>{t('plan.duplicates', line(totals.duplicates))}</li>}
        {!campaign.preparing && totals.invalid > 0 && <li>{t('plan.invalid', line(totals.invalid))}</li>}
        {!campaign.preparing &&
          (['suppressed', 'excluded', 'recentlyWritten'] as const)
            .filter((reason) => totals[reason] > 0)
            .map((reason) => <li key={reason}>{t(`plan.${reason}`, line(totals[reason]))}</li>)}
      </ul>
    </Card>
  )
}
