import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CreateCampaignBody } from '#contract/campaigns.ts'
import type { Preflight, PreflightLine } from '#contract/preflight.ts'
import { formatDuration } from '#contract/timeRemaining.ts'
import { instantIn } from '../../../../lib/timeZones.ts'
import { useFormat } from '../../../../lib/useFormat.ts'
import { cn } from '../../../../ui/cn.ts'
import { Icon } from '../../../../ui/icons.tsx'
import { Stat, Stats } from '../../../../ui/Stat.tsx'
import { usePlan } from '../PlanContext.tsx'
import { PreflightPeople } from './PreflightPeople.tsx'

const LEFT_OUT = ['duplicate', 'invalid', 'suppressed', 'excluded', 'recentlyWritten'] as const
/** Among those who will get it, and worth a look. */
const WARNINGS = ['notOnWhatsapp', 'lackingVariables'] as const

/** What starting would do: how many, until when, and line by line who is left out or may get a gap. */
export function PreflightSheet({ preflight, body }: { preflight: Preflight; body: CreateCampaignBody }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [open, setOpen] = useState<PreflightLine | null>(null)
  const { lines } = preflight
  return (
    <div className="flex flex-col gap-5">
      <Facts preflight={preflight} />
      <ul className="divide-y divide-line overflow-hidden rounded-control border border-line">
        <Line line="valid" count={lines.valid} onOpen={setOpen} />
        {LEFT_OUT.filter((line) => lines[line] > 0).map((line) => (
          <Line key={line} line={line} count={lines[line]} onOpen={setOpen} />
        ))}
        {WARNINGS.filter((line) => lines[line] > 0).map((line) => (
          <Line key={line} line={line} count={lines[line]} isWarning onOpen={setOpen} />
        ))}
      </ul>
      <p className="tabular text-sm text-ink-soft">
        {t('newCampaign.chosenSum', {
          parts: ['valid' as const, ...LEFT_OUT].map((line) => format.number(lines[line])).join(' + '),
          n: format.number(lines.chosen),
        })}
      </p>
      {open !== null && <PreflightPeople body={body} line={open} onClose={() => setOpen(null)} />}
    </div>
  )
}

function Facts({ preflight }: { preflight: Preflight }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { plan, channels } = usePlan()
  const { finishesAt, lines } = preflight
  return (
    <Stats>
      <Stat label={t('newCampaign.factPeople')} value={format.number(lines.valid)} size="large" />
      <Stat label={t('newCampaign.factDuration')} value={useDuration(preflight)} />
      {finishesAt !== null && (
        <Stat
          label={t('newCampaign.factEnd')}
          value={instantIn(format.language, finishesAt, plan.timeZone)}
          hint={plan.timeZone.replaceAll('_', ' ')}
        />
      )}
      <Stat
        label={t('newCampaign.factChannel')}
        value={<bdi>{channels.find(({ id }) => id === plan.channelId)?.name}</bdi>}
      />
    </Stats>
  )
}

function useDuration({ estimatedSeconds: seconds }: Preflight): string {
  const { t } = useTranslation()
  const { plan } = usePlan()
  if (seconds === null) return t(plan.delayMax === 0 ? 'newCampaign.asFastAsPossible' : 'newCampaign.notKnown')
  return seconds < 60 ? t('newCampaign.underAMinute') : formatDuration(seconds)
}

type LineProps = { line: PreflightLine; count: number; isWarning?: boolean; onOpen: (line: PreflightLine) => void }

function Line({ line, count, isWarning = false, onOpen }: LineProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <li>
      <button
        type="button"
        aria-haspopup="dialog"
        disabled={count === 0}
        onClick={() => onOpen(line)}
        className={cn(
          'flex min-h-13 w-full items-center gap-4 px-4 py-2 text-left hover:bg-sunk',
          isWarning && 'bg-warn-soft text-warn-text hover:brightness-95',
        )}
      >
        <span className="min-w-0 flex-1">
          <span className="block font-medium">{t(`newCampaign.lines.${line}`)}</span>
          <span className={cn('block text-sm', !isWarning && 'text-ink-soft')}>
            {t(`newCampaign.lineHints.${line}`)}
          </span>
        </span>
        <strong className="tabular text-lg">{format.number(count)}</strong>
        <Icon name="arrow" className="h-4 w-4" />
      </button>
    </li>
  )
}
