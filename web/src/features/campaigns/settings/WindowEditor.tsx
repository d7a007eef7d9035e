import { useTranslation } from 'react-i18next'
import type { SendingWindow } from '#contract/campaigns.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { CheckField, TextField } from '../../../ui/fields.tsx'

/** Monday first; 0 is Sunday, as everywhere. */
const DAYS = [1, 2, 3, 4, 5, 6, 0]
const USUAL: SendingWindow = { startTime: '09:00', endTime: '20:00', days: [1, 2, 3, 4, 5, 6] }

type Props = {
  value: SendingWindow | null
  timeZone: string
  noDays: boolean
  onChange: (window: SendingWindow | null) => void
}

/** The hours and weekdays in which messages may leave, or at any time. */
export function WindowEditor({ value, timeZone, noDays, onChange }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const toggle = (window: SendingWindow, day: number) =>
    onChange({
      ...window,
      days: window.days.includes(day)
        ? window.days.filter((known) => known !== day)
        : [...window.days, day].sort((a, b) => a - b),
    })
  return (
    <div className="flex flex-col gap-4">
      <CheckField
        label={t('campaignSettings.window')}
        hint={t('campaignSettings.windowHint', { zone: timeZone.replaceAll('_', ' ') })}
        checked={value !== null}
        onChange={(event) => onChange(event.target.checked ? USUAL : null)}
      />
      {value !== null && (
        <>
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField
              type="time"
              label={t('campaignSettings.startTime')}
              value={value.startTime}
              onChange={(event) => event.target.value !== '' && onChange({ ...value, startTime: event.target.value })}
            />
            <TextField
              type="time"
              label={t('campaignSettings.endTime')}
              hint={value.endTime <= value.startTime ? t('campaignSettings.nextDay') : undefined}
              value={value.endTime}
              onChange={(event) => event.target.value !== '' && onChange({ ...value, endTime: event.target.value })}
            />
          </div>
          <fieldset>
            <legend className="mb-1.5 text-sm font-semibold">{t('campaignSettings.days')}</legend>
            <div className="flex flex-wrap gap-2">
              {DAYS.map((day) => (
                <label
                  key={day}
                  className="flex min-h-11 min-w-12 items-center justify-center rounded-control border border-line-strong px-3 font-medium has-checked:border-primary has-checked:bg-primary-soft has-checked:text-primary-text has-focus-visible:outline-2 has-focus-visible:outline-primary"
                >
                  <input
                    type="checkbox"
                    className="sr-only"
                    checked={value.days.includes(day)}
                    onChange={() => toggle(value, day)}
                  />
                  {format.weekday(day)}
                </label>
              ))}
            </div>
            {noDays && (
              <p className="mt-1.5 text-sm font-medium text-bad-text">{t('campaignSettings.errors.noDays')}</p>
            )}
          </fieldset>
        </>
      )}
    </div>
  )
}
