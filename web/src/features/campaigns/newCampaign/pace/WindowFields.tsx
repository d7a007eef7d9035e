import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../../lib/useFormat.ts'
import { DayPicker } from '../../../../ui/DayPicker.tsx'
import { CheckField, TextField } from '../../../../ui/fields.tsx'
import { usePlan, useProblemOf } from '../PlanContext.tsx'

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
  return (
    <DayPicker
      label={t('newCampaign.windowDays')}
      days={days}
      error={problem}
      nameOf={(day) => ({ short: format.weekday(day).replace('.', ''), long: format.weekdayName(day) })}
      onChange={onChange}
    />
  )
}
