import type { ReactNode } from 'react'
import { useFormContext, useWatch } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { MAX_DELAY_S } from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import { fieldErrorText } from '../../../lib/fieldErrors.ts'
import { CheckField, TextField } from '../../../ui/fields.tsx'
import { leastDelayOf, type CampaignForm } from './campaignForm.ts'
import { Section } from './Section.tsx'

const PACES = [
  { name: 'careful', min: 20, max: 45 },
  { name: 'normal', min: 8, max: 15 },
  { name: 'instant', min: 0, max: 0 },
] as const

type Props = { channels: readonly Channel[]; channelLink: ReactNode; statusOf: (channel: Channel) => ReactNode }

/** From which number, and how fast: the two belong together, for the number is what too much haste costs. */
export function ChannelSection({ channels, channelLink, statusOf }: Props) {
  const { t } = useTranslation()
  const { register, formState, setValue } = useFormContext<CampaignForm>()
  const [channelId, delayMin, delayMax] = useWatch<CampaignForm, ['channelId', 'delayMin', 'delayMax']>({
    name: ['channelId', 'delayMin', 'delayMax'],
  })
  const least = leastDelayOf(channels.find((channel) => channel.id === channelId))
  const { errors } = formState
  const choosePace = (pace: (typeof PACES)[number]) => {
    const options = { shouldDirty: true, shouldValidate: formState.isSubmitted }
    setValue('delayMin', pace.min, options)
    setValue('delayMax', pace.max, options)
  }
  return (
    <Section step={3} title={t('newCampaign.channelAndPace')}>
      <ChannelChoice channels={channels} channelLink={channelLink} statusOf={statusOf} />
      <div className="flex flex-col gap-3">
        <div role="group" aria-label={t('newCampaign.pace')} className="flex flex-wrap gap-2">
          {PACES.filter((pace) => pace.min >= least).map((pace) => (
            <button
              key={pace.name}
              type="button"
              aria-pressed={delayMin === pace.min && delayMax === pace.max}
              onClick={() => choosePace(pace)}
              className="min-h-10 rounded-full border border-line-strong px-4 text-sm font-medium not-aria-pressed:hover:bg-primary-soft aria-pressed:border-primary aria-pressed:bg-primary aria-pressed:text-primary-ink"
            >
              {t(`newCampaign.paces.${pace.name}`)}
            </button>
          ))}
        </div>
        <div className="grid grid-cols-2 gap-4 sm:max-w-md">
          <TextField
            label={t('newCampaign.delayMin')}
            type="number"
            inputMode="decimal"
            min={least}
            max={MAX_DELAY_S}
            step="any"
            error={fieldErrorText(t, errors.delayMin?.message)}
            {...register('delayMin', { valueAsNumber: true })}
          />
          <TextField
            label={t('newCampaign.delayMax')}
            type="number"
            inputMode="decimal"
            min={least}
            max={MAX_DELAY_S}
            step="any"
            error={fieldErrorText(t, errors.delayMax?.message)}
            {...register('delayMax', { valueAsNumber: true })}
          />
        </div>
        <p className="text-sm text-ink-soft">{t('newCampaign.paceHint')}</p>
        <CheckField
          label={t('newCampaign.randomize')}
          hint={t('newCampaign.randomizeHint')}
          {...register('randomizeOrder')}
        />
      </div>
    </Section>
  )
}

function ChannelChoice({ channels, channelLink, statusOf }: Props) {
  const { t } = useTranslation()
  const { register, formState } = useFormContext<CampaignForm>()
  const error = formState.errors.channelId === undefined ? undefined : t('newCampaign.channelMissing')
  return (
    <fieldset className="flex flex-col gap-2" aria-describedby={error === undefined ? undefined : 'channel-error'}>
      <legend className="mb-1.5 text-sm font-semibold">{t('newCampaign.channel')}</legend>
      {channels.map((channel) => (
        <label
          key={channel.id}
          className="flex min-h-14 items-center gap-3 rounded-control border border-line-strong px-4 py-2 transition-colors duration-(--quick) hover:border-primary has-checked:border-primary has-checked:bg-primary-soft"
        >
          <input
            type="radio"
            value={channel.id}
            {...register('channelId')}
            className="h-5 w-5 shrink-0 accent-(--primary)"
          />
          <span className="min-w-0 flex-1">
            <span className="block font-medium">{channel.name}</span>
            <span className="block text-sm text-ink-soft">{t(`channels.gateway.${channel.gateway}`)}</span>
          </span>
          {statusOf(channel)}
        </label>
      ))}
      {channels.length === 0 && <p className="text-sm text-ink-soft">{t('newCampaign.noChannels')}</p>}
      {error !== undefined && (
        <p id="channel-error" className="text-sm font-medium text-bad-text">
          {error}
        </p>
      )}
      <div>{channelLink}</div>
    </fieldset>
  )
}
