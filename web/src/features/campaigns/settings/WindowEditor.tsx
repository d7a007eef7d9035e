import { useTranslation } from 'react-i18next'
import type { SendingWindow } from '#contract/campaigns.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { DayPicker } from '../../../ui/DayPicker.tsx'
import { CheckField, TextField } from '../../../ui/fields.tsx'

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
          <DayPicker
            label={t('campaignSettings.days')}
            days={value.days}
            error={noDays ? t('campaignSettings.errors.noDays') : undefined}
            nameOf={(day) => ({ short: format.weekday(day) })}
            onChange={(days) => onChange({ ...value, days })}
          />
        </>
      )}
    </div>
  )
}
