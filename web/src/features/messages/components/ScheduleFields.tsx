import { useTranslation } from 'react-i18next'
import { TimeZoneField } from '../../../lib/TimeZoneField.tsx'
import { cityOf, deviceTimeZone } from '../../../lib/timeZones.ts'
import { TextField } from '../../../ui/fields.tsx'
import { Segmented } from '../../../ui/Segmented.tsx'
import type { SingleMessageSender } from '../useSingleMessageSender.ts'
import { useProblemText } from './useProblemText.ts'

type Props = Pick<SingleMessageSender, 'draft' | 'schedule'>

/** Now, or at a time of a clock that is named: whoever schedules for another city must not have to reckon. */
export function ScheduleFields({ draft, schedule }: Props) {
  const { t } = useTranslation()
  const problemText = useProblemText(draft.problems)
  const { values, set } = draft
  return (
    <div className="flex flex-col gap-3">
      <Segmented
        label={t('singleMessage.when')}
        value={values.when}
        options={[
          { value: 'now', label: t('singleMessage.now') },
          { value: 'later', label: t('singleMessage.later') },
        ]}
        onChange={(when) => set({ when })}
      />
      {values.when === 'later' && (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label={t('singleMessage.at')}
            type="datetime-local"
            hint={t('singleMessage.atHint', { city: cityOf(values.timeZone) })}
            min={schedule.earliest}
            value={values.at}
            error={problemText('at')}
            onChange={(event) => set({ at: event.target.value })}
          />
          <TimeZoneField
            label={t('singleMessage.timeZone')}
            value={values.timeZone}
            near={[schedule.channelZone, deviceTimeZone()]}
            error={problemText('timeZone')}
            onChange={(timeZone) => set({ timeZone })}
          />
        </div>
      )}
    </div>
  )
}
