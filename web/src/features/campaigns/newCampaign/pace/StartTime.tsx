import { useTranslation } from 'react-i18next'
import { TimeZoneField } from '../../../../lib/TimeZoneField.tsx'
import { deviceTimeZone } from '../../../../lib/timeZones.ts'
import { ChoiceList } from '../../../../ui/ChoiceList.tsx'
import { TextField } from '../../../../ui/fields.tsx'
import { usePlan, useProblemOf } from '../PlanContext.tsx'

/** Now, or at a time of a clock somewhere. The zone also decides what "good morning" and the date are. */
export function StartTime() {
  const { t } = useTranslation()
  const { plan, channels, change } = usePlan()
  const problemOf = useProblemOf()
  const channel = channels.find(({ id }) => id === plan.channelId)
  return (
    <div className="flex flex-col gap-4">
      <ChoiceList
        legend={t('newCampaign.starts')}
        value={plan.starts}
        choices={[
          { value: 'now', label: t('newCampaign.startsNow') },
          { value: 'later', label: t('newCampaign.startsLater') },
        ]}
        onChange={(starts) => change({ starts })}
      />
      <div className="grid items-start gap-4 sm:grid-cols-2">
        {plan.starts === 'later' && (
          <TextField
            label={t('newCampaign.startsAt')}
            type="datetime-local"
            value={plan.startsAt}
            error={problemOf('startsAt')}
            onChange={(event) => change({ startsAt: event.target.value })}
          />
        )}
        <TimeZoneField
          label={t('newCampaign.timeZone')}
          hint={t('newCampaign.timeZoneHint')}
          value={plan.timeZone}
          near={[channel?.timeZone ?? '', deviceTimeZone()]}
          onChange={(timeZone) => change({ timeZone })}
        />
      </div>
    </div>
  )
}
