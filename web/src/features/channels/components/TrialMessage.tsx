import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignMessage } from '#contract/campaigns.ts'
import type { SingleMessage } from '#contract/messages.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { readStored, writeStored } from '../../../lib/storage.ts'
import { Button } from '../../../ui/Button.tsx'
import { Notice, type NoticeTone } from '../../../ui/Notice.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { trialMessageQuery, useSendTrial } from '../api/trialMessage.ts'

/** Whoever tests does so with the same phone the next time. */
const KEY = 'testPhone'

type Props = { channelId: string; message: CampaignMessage }

/** One message to one's own phone, now, and what became of it. */
export function TrialMessage({ channelId, message }: Props) {
  const { t } = useTranslation()
  const [phone, setPhone] = useState(() => readStored(KEY) ?? '')
  const [isMissing, setIsMissing] = useState(false)
  const send = useSendTrial()
  const submit = (event?: FormEvent) => {
    event?.preventDefault()
    setIsMissing(phone.trim() === '')
    if (phone.trim() === '') return
    writeStored(KEY, phone)
    send.mutate({ channelId, phone, message })
  }
  return (
    <div className="flex flex-col gap-3">
      {/* No form of its own: it may stand within another one. */}
      <div className="flex flex-wrap items-end gap-3">
        <TextField
          label={t('channels.testPhone')}
          type="tel"
          inputMode="tel"
          autoComplete="tel"
          placeholder="11 98765-4321"
          className="min-w-0 flex-1 basis-56"
          value={phone}
          error={isMissing ? t('fields.required') : undefined}
          onChange={(event) => setPhone(event.target.value)}
          onKeyDown={(event) => event.key === 'Enter' && submit(event)}
        />
        <Button look="secondary" busy={send.isPending} onClick={() => submit()}>
          {t('channels.testSend')}
        </Button>
      </div>
      {send.error !== null && <ErrorNotice error={send.error} onRetry={() => submit()} />}
      {send.data !== undefined && <Outcome sent={send.data} />}
    </div>
  )
}

function Outcome({ sent }: { sent: SingleMessage }) {
  const { t } = useTranslation()
  const { data: message = sent } = useQuery(trialMessageQuery(sent.messageId))
  const { state, category } = message
  return (
    <Notice tone={toneOf(state)} title={t(`channels.testState.${state}`, { phone: formatPhone(message.phone) })}>
      {category === null || state === 'sent' ? undefined : t(`failures.${category}.todo`)}
    </Notice>
  )
}

function toneOf(state: SingleMessage['state']): NoticeTone {
  if (state === 'sent' || state === 'delivered' || state === 'read') return 'good'
  if (state === 'failed') return 'bad'
  return state === 'unknown' || state === 'cancelled' || state === 'missed' ? 'warn' : 'info'
}
