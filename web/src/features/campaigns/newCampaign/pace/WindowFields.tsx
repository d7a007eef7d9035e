import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../../lib/useFormat.ts'
import { CheckField, TextField } from '../../../../ui/fields.tsx'
import { WORKING_DAYS } from '../plan/campaignPlan.ts'
import { usePlan, useProblemOf } from '../PlanContext.tsx'

/** As weeks begin in calendars here: Monday first. */
const DAYS = [...WORKING_DAYS, 6, 0]

/** Hours and weekdays in which messages may leave; outside of them the campaign waits by itself. */
export function WindowFields() {
  const { t } = useTranslation()
  const { plan, change } = usePlan()
  const { window } = plan
  const put = (part: Partial<typeof window>) => change({ window: { ...window, ...part } })
  return (
    <div className="flex flex-col gap-4">
      <CheckField
        label={t('newCampaign.window')}
        hint={t('newCampaign.windowHint')}
        checked={window.on}
        onChange={(event) => put({ on: event.target.checked })}
      />
      {window.on && (
        <>
          <Days days={window.days} onChange={(days) => put({ days })} />
          <div className="grid grid-cols-2 items-start gap-4 sm:max-w-md">
            <TextField
              label={t('newCampaign.windowFrom')}
              type="time"
              value={window.startTime}
              onChange={(event) => put({ startTime: event.target.value.slice(0, 5) })}
            />
            <TextField
              label={t('newCampaign.windowTo')}
              hint={window.endTime <= window.startTime ? t('newCampaign.windowNextDay') : undefined}
              type="time"
              value={window.endTime}
              onChange={(event) => put({ endTime: event.target.value.slice(0, 5) })}
            />
          </div>
        </>
      )}
    </div>
  )
}

function Days({ days, onChange }: { days: readonly number[]; onChange: (days: number[]) => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const problem = useProblemOf()('window')
  const names = weekdayNames(format.language)
  return (
    <fieldset className="flex flex-col gap-1.5" aria-describedby={problem === undefined ? undefined : 'window-problem'}>
      <legend className="mb-1.5 text-sm font-semibold">{t('newCampaign.windowDays')}</legend>
      <div className="flex flex-wrap gap-2">
        {DAYS.map((day) => (
          <label
            key={day}
            className="flex min-h-10 min-w-12 items-center justify-center rounded-full border border-line-strong px-3 text-sm font-medium has-checked:border-primary has-checked:bg-primary has-checked:text-primary-ink has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-primary"
          >
            <input
              type="checkbox"
              className="sr-only"
              aria-label={names.long[day]}
              checked={days.includes(day)}
              onChange={({ target }) => onChange(target.checked ? [...days, day] : days.filter((own) => own !== day))}
            />
            <span aria-hidden="true">{names.short[day]}</span>
          </label>
        ))}
      </div>
      {problem !== undefined && (
        <p id="window-problem" className="text-sm font-medium text-bad-text">
          {problem}
        </p>
      )}
    </fieldset>
  )
}

/** By their number, 0 is Sunday. */
function weekdayNames(language: string): { short: string[]; long: string[] } {
  const names = (weekday: 'short' | 'long') => {
    const format = new Intl.DateTimeFormat(language, { weekday, timeZone: 'UTC' })
    // 2023-01-01 was a Sunday.
    return Array.from({ length: 7 }, (_, day) => format.format(new Date(Date.UTC(2023, 0, day + 1))).replace('.', ''))
  }
  return { short: names('short'), long: names('long') }
}
