import { useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Channel } from '#contract/channels.ts'
import { MAX_TEXT_LENGTH } from '#contract/campaignMessages.ts'
import { CountryField } from '../../../lib/CountryField.tsx'
import { deviceTimeZone } from '../../../lib/timeZones.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Card } from '../../../ui/Card.tsx'
import { SelectField, TextArea, TextField } from '../../../ui/fields.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { useSingleMessageSender, type SingleMessageSender } from '../useSingleMessageSender.ts'
import { MessageOutcome } from './MessageOutcome.tsx'
import { PhoneActions, PhoneFeedback } from './PhoneFeedback.tsx'
import { ScheduleFields } from './ScheduleFields.tsx'
import { SendNotice } from './SendNotice.tsx'
import { useProblemText } from './useProblemText.ts'

export type SenderProps = {
  userId: string
  /** At least one. */
  channels: readonly Channel[]
  /** Of numbers without a country code, until another one is chosen. */
  homeCountry: string
  /** How the channel stands; made by the app, which alone knows. */
  statusOf: (channel: Channel) => ReactNode
  /** Leads to where a channel is connected again. */
  channelLink: ReactNode
}

/** One message to one person, now or at a time. */
export function DisparadorUnico({ userId, channels, homeCountry, statusOf, channelLink }: SenderProps) {
  const { t } = useTranslation()
  const sender = useSingleMessageSender({ userId, channels, homeCountry, deviceZone: deviceTimeZone() })
  const form = useRef<HTMLFormElement>(null)
  const { draft, phone, schedule, send } = sender
  const problemText = useProblemText(draft.problems)
  const { values, set } = draft
  const isHeld = draft.isHeld && send.state !== 'sending'
  const format = useFormat()
  const submit = (event: { preventDefault: () => void }) => {
    event.preventDefault()
    send.submit()
    // What must be mended first has the focus once the errors are drawn.
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus())
  }
  return (
    <Card aria-label={t('singleMessage.compose')} className="flex flex-col gap-5">
      {send.messageId !== null && <MessageOutcome messageId={send.messageId} onDone={send.another} />}
      <SendNotice send={send} channelLink={channelLink} />
      <form ref={form} onSubmit={submit} noValidate>
        <fieldset disabled={isHeld} className="flex min-w-0 flex-col gap-5">
          <legend className="sr-only">{t('singleMessage.compose')}</legend>
          <ChannelChoice
            draft={draft}
            channels={channels}
            statusOf={statusOf}
            channelLink={channelLink}
            error={problemText('channelId')}
          />
          <div className="grid gap-5 sm:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
            <div className="flex flex-col gap-2">
              <TextField
                label={t('singleMessage.phone')}
                type="tel"
                inputMode="tel"
                autoComplete="off"
                hint={<PhoneFeedback state={phone.state} />}
                value={values.phone}
                error={problemText('phone')}
                onChange={(event) => set({ phone: event.target.value })}
              />
              <PhoneActions state={phone.state} onUse={(number) => set({ phone: number })} onAgain={phone.checkAgain} />
            </div>
            <CountryField
              label={t('singleMessage.country')}
              value={values.country}
              onChange={(country) => set({ country })}
            />
          </div>
          <TextField
            label={t('singleMessage.name')}
            hint={t('singleMessage.nameHint', { variable: '{{nome}}' })}
            autoComplete="off"
            maxLength={500}
            value={values.name}
            error={problemText('name')}
            onChange={(event) => set({ name: event.target.value })}
          />
          <TextArea
            label={t('singleMessage.content')}
            hint={t('singleMessage.contentLength', {
              n: format.number(values.content.length),
              max: format.number(MAX_TEXT_LENGTH),
            })}
            maxLength={MAX_TEXT_LENGTH}
            value={values.content}
            error={problemText('content')}
            onChange={(event) => set({ content: event.target.value })}
          />
          <ScheduleFields draft={draft} schedule={schedule} />
          <Button type="submit" busy={send.state === 'sending'} disabled={isHeld}>
            {values.when === 'later' ? t('singleMessage.schedule') : t('singleMessage.send')}
          </Button>
        </fieldset>
      </form>
    </Card>
  )
}

type ChannelProps = Pick<SingleMessageSender, 'draft'> &
  Pick<SenderProps, 'channels' | 'statusOf' | 'channelLink'> & { error: string | undefined }

function ChannelChoice({ draft, channels, statusOf, channelLink, error }: ChannelProps) {
  const { t } = useTranslation()
  const { values, set } = draft
  const chosen = channels.find(({ id }) => id === values.channelId)
  return (
    <div className="flex flex-col gap-2">
      <SelectField
        label={t('singleMessage.channel')}
        value={values.channelId}
        error={error}
        onChange={(event) => set({ channelId: event.target.value, timeZone: '' })}
      >
        {channels.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
      {chosen !== undefined && <div className="flex">{statusOf(chosen)}</div>}
      {chosen !== undefined && chosen.status !== 'ready' && chosen.status !== 'unknown' && (
        <Notice tone="warn" action={channelLink}>
          {t('singleMessage.notReady')}
        </Notice>
      )}
    </div>
  )
}
