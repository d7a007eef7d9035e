import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Channel } from '#contract/channels.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { Button } from '../../../ui/Button.tsx'
import { PageHeader } from '../../../ui/Card.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { SkeletonList } from '../../../ui/Skeleton.tsx'
import { useCreateChannel } from '../api/createChannel.ts'
import { channelsQuery } from '../api/listChannels.ts'
import { freeName } from '../freeName.ts'
import { ChannelCard, type ChannelAct } from './ChannelCard.tsx'
import { DeleteChannelDialog } from './DeleteChannelDialog.tsx'
import { DisconnectDialog } from './DisconnectDialog.tsx'
import { EditChannelDialog } from './EditChannelDialog.tsx'
import { NewCloudDialog } from './NewCloudDialog.tsx'
import { NewWuzapiDialog } from './NewWuzapiDialog.tsx'
import { PairingDialog } from './PairingDialog.tsx'
import { TrialDialog } from './TrialDialog.tsx'

type Props = {
  /** A channel that is to be connected right away, as the notice of a pause asks. */
  connectId?: string | undefined
  onConnectSeen?: () => void
}

/** The numbers that campaigns leave from. */
export function ChannelsPage({ connectId, onConnectSeen }: Props) {
  const { t } = useTranslation()
  const channels = useQuery(channelsQuery)
  const [adding, setAdding] = useState<'wuzapi' | 'cloud' | null>(null)
  const [chosen, setChosen] = useState<{ channel: Channel; act: ChannelAct } | null>(null)
  const addSandbox = useCreateChannel()
  const asked = channels.data?.find(({ id }) => id === connectId)
  const actions = (
    <>
      <Button icon="plus" onClick={() => setAdding('wuzapi')}>
        {t('channels.addWuzapi')}
      </Button>
      <Button look="secondary" onClick={() => setAdding('cloud')}>
        {t('channels.addCloud')}
      </Button>
      <Button
        look="secondary"
        busy={addSandbox.isPending}
        onClick={() =>
          addSandbox.mutate({ gateway: 'sandbox', name: freeName(t('channels.sandboxName'), channels.data ?? []) })
        }
      >
        {t('channels.addSandbox')}
      </Button>
    </>
  )
  const isEmpty = channels.data?.length === 0
  return (
    <>
      <PageHeader
        title={t('channels.title')}
        lead={t('channels.lead')}
        actions={channels.data === undefined || isEmpty ? undefined : actions}
      />
      {addSandbox.error !== null && <ErrorNotice error={addSandbox.error} className="mb-4" />}
      {channels.error !== null && (
        <ErrorNotice error={channels.error} onRetry={() => void channels.refetch()} className="mb-4" />
      )}
      {channels.isPending && <SkeletonList label={t('common.loading')} rows={2} />}
      {isEmpty && (
        <EmptyState title={t('channels.emptyTitle')} action={actions}>
          {t('channels.emptyText')}
        </EmptyState>
      )}
      <ul className="grid gap-4 lg:grid-cols-2">
        {channels.data?.map((channel) => (
          <li key={channel.id}>
            <ChannelCard channel={channel} onAct={(act) => setChosen({ channel, act })} />
          </li>
        ))}
      </ul>
      <NewWuzapiDialog open={adding === 'wuzapi'} onClose={() => setAdding(null)} />
      <NewCloudDialog open={adding === 'cloud'} onClose={() => setAdding(null)} />
      {asked !== undefined && <PairingDialog channel={asked} onClose={() => onConnectSeen?.()} />}
      {chosen !== null && <ActDialog {...chosen} onClose={() => setChosen(null)} />}
    </>
  )
}

function ActDialog({ channel, act, onClose }: { channel: Channel; act: ChannelAct; onClose: () => void }) {
  switch (act) {
    case 'pair':
      return <PairingDialog channel={channel} onClose={onClose} />
    case 'test':
      return <TrialDialog channel={channel} onClose={onClose} />
    case 'edit':
      return <EditChannelDialog channel={channel} onClose={onClose} />
    case 'disconnect':
      return <DisconnectDialog channel={channel} onClose={onClose} />
    case 'delete':
      return <DeleteChannelDialog channel={channel} onClose={onClose} />
  }
}
