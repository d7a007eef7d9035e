import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Channel, ChannelQr } from '#contract/channels.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { Button } from '../../../ui/Button.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { channelQrQuery, useConnectChannel } from '../api/pairing.ts'

/** Connects a number: opens the session, shows the code as long as it lives, and says when the phone has scanned it. */
export function PairingDialog({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('channels.pairTitle', { name: channel.name })}
      closeLabel={t('common.close')}
    >
      <Pairing channel={channel} onClose={onClose} />
    </Dialog>
  )
}

function Pairing({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const connect = useConnectChannel(channel.id)
  const qr = useQuery(channelQrQuery(channel.id, connect.isSuccess))
  const state = connect.data?.state === 'connected' ? 'connected' : qr.data?.state
  const begin = () => {
    client.removeQueries({ queryKey: ['channels', channel.id, 'qr'] })
    connect.mutate()
  }
  useOnce(begin)
  useEffect(() => {
    // Not the channels alone: what campaigns and the notice above every page say hangs on this number, too.
    if (state === 'connected') void client.invalidateQueries()
  }, [state, client])
  if (connect.error !== null) return <ErrorNotice error={connect.error} onRetry={begin} />
  if (state === 'connected') return <Paired channel={channel} onClose={onClose} />
  if (state === 'unsupported') return <Notice title={t('channels.pairElsewhere')} />
  if (qr.error !== null) return <ErrorNotice error={qr.error} onRetry={() => void qr.refetch()} />
  if (state === 'expired') {
    return (
      <Notice
        tone="warn"
        title={t('channels.pairExpired')}
        action={
          <Button size="small" icon="refresh" onClick={begin}>
            {t('channels.pairAgain')}
          </Button>
        }
      >
        {t('channels.pairExpiredText')}
      </Notice>
    )
  }
  return <Code channel={channel} code={qr.data} />
}

function Code({ channel, code }: { channel: Channel; code: ChannelQr | undefined }) {
  const { t } = useTranslation()
  return (
    <>
      {code?.qr == null ? (
        <Loading label={t('channels.pairWaiting')} />
      ) : (
        <div className="flex flex-col items-center gap-3">
          {/* On white in the dark, too: phones do not read inverted codes. */}
          <img
            src={code.qr}
            alt={t('channels.pairCode')}
            className="h-60 w-60 rounded-control bg-[white] object-contain p-3 [image-rendering:pixelated]"
          />
          <Countdown key={code.qr} seconds={code.expiresInSeconds} />
        </div>
      )}
      {channel.gateway === 'sandbox' ? (
        <p className="text-ink-soft">{t('channels.pairSandbox')}</p>
      ) : (
        <ol className="list-inside list-decimal text-ink-soft">
          {(['open', 'menu', 'scan'] as const).map((step) => (
            <li key={step}>{t(`channels.pairSteps.${step}`)}</li>
          ))}
        </ol>
      )}
    </>
  )
}

/** Counts down for the eye; who hears the page is told when something changes, not every second. */
function Countdown({ seconds }: { seconds: number | null }) {
  const { t } = useTranslation()
  const [left, setLeft] = useState(seconds)
  useEffect(() => {
    const timer = setInterval(() => setLeft((before) => before && Math.max(before - 1, 0)), 1000)
    return () => clearInterval(timer)
  }, [])
  if (left === null || left <= 0) return null
  return <p className="tabular text-sm text-ink-soft">{t('channels.pairLeft', { seconds: Math.ceil(left) })}</p>
}

function Paired({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <>
      <Notice tone="good" title={t('channels.paired', { name: channel.name })}>
        {t('channels.pairedText')}
      </Notice>
      <Button onClick={onClose}>{t('channels.pairDone')}</Button>
    </>
  )
}

/** Also under React's double mount in development: two sessions would fight for the phone. */
function useOnce(act: () => void): void {
  const done = useRef(false)
  useEffect(() => {
    if (done.current) return
    done.current = true
    act()
  })
}
