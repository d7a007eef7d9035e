import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Channel } from '#contract/channels.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { Button } from '../../../ui/Button.tsx'
import { PageHeader } from '../../../ui/Card.tsx'
import { EmptyState } from '../../../ui/EmptyState.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { useCreateChannel } from '../api/createChannel.ts'
import { channelsQuery } from '../api/listChannels.ts'
import { ChannelCard } from './ChannelCard.tsx'
import { DeleteChannelDialog } from './DeleteChannelDialog.tsx'
import { EditChannelDialog } from './EditChannelDialog.tsx'
import { NewWuzapiDialog } from './NewWuzapiDialog.tsx'

/** The numbers that campaigns leave from. */
export function ChannelsPage() {
  const { t } = useTranslation()
  const channels = useQuery(channelsQuery)
  const [adding, setAdding] = useState(false)
  const [editing, setEditing] = useState<Channel | null>(null)
  const [deleting, setDeleting] = useState<Channel | null>(null)
  const addSandbox = useCreateChannel()
  const actions = (
    <>
      <Button icon="plus" onClick={() => setAdding(true)}>
        {t('channels.addWuzapi')}
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
      {channels.isPending && <Loading label={t('common.loading')} />}
      {isEmpty && (
        <EmptyState title={t('channels.emptyTitle')} action={actions}>
          {t('channels.emptyText')}
        </EmptyState>
      )}
      <ul className="grid gap-4 lg:grid-cols-2">
        {channels.data?.map((channel) => (
          <li key={channel.id}>
            <ChannelCard channel={channel} onEdit={() => setEditing(channel)} onDelete={() => setDeleting(channel)} />
          </li>
        ))}
      </ul>
      <NewWuzapiDialog open={adding} onClose={() => setAdding(false)} />
      <EditChannelDialog channel={editing} onClose={() => setEditing(null)} />
      {deleting !== null && <DeleteChannelDialog channel={deleting} onClose={() => setDeleting(null)} />}
    </>
  )
}

/** "Simulador", then "Simulador 2": names are unique in an account. */
function freeName(name: string, channels: Channel[]): string {
  const taken = new Set(channels.map((channel) => channel.name))
  if (!taken.has(name)) return name
  let number = 2
  while (taken.has(`${name} ${number}`)) number++
  return `${name} ${number}`
}
