import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignContact, CreateCampaignBody } from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import { useCreateCampaign } from '../../features/campaigns/api/createCampaign.ts'
import { useCreateChannel } from '../../features/channels/api/createChannel.ts'
import { channelsQuery } from '../../features/channels/api/listChannels.ts'
import { freeName } from '../../features/channels/freeName.ts'
import { apiClient } from '../../lib/apiClient.ts'
import type { Page } from '../../lib/Page.ts'
import { randomId } from '../../lib/randomId.ts'
import { readStored, writeStored } from '../../lib/storage.ts'
import { EXAMPLE_PEOPLE } from './examplePeople.ts'

/** Everybody gets it, and one sees it happen: the first time is for watching, failures come with the real ones. */
const SANDBOX = { latencyMinMs: 200, latencyMaxMs: 600, notOnWhatsapp: 0, transientErrors: 0, delivered: 1, read: 0.7 }
const PACE_S = { delayMin: 1, delayMax: 1 }
const LOOK_MS = 1000
const KEY = 'welcome.'
/** Receipts may not come at all, where the simulator cannot reach us: then "sent" is the end of it. */
const LOOKS = 60
const ARRIVED = ['sent', 'delivered', 'read', 'failed', 'skipped', 'cancelled']
const FINAL = ARRIVED.filter((state) => state !== 'sent')

/** The way from an empty installation to three messages in the simulator; a reload goes on where it was. */
export function useFirstCampaign(userId: string) {
  const { t } = useTranslation()
  const channels = useQuery(channelsQuery)
  const sandbox = channels.data?.find(({ gateway }) => gateway === 'sandbox')
  const addSandbox = useCreateChannel()
  const [campaignId, setCampaignId] = useState(() => readStored(KEY + userId))
  const [key] = useState(randomId)
  const create = useCreateCampaign((created) => {
    writeStored(KEY + userId, created.campaignId)
    setCampaignId(created.campaignId)
  })
  const people = useQuery({
    queryKey: ['welcome', campaignId],
    queryFn: ({ signal }) =>
      apiClient.get<Page<CampaignContact>>(`/api/user/bulk-campaigns/${campaignId}/contacts`, { signal }),
    enabled: campaignId !== null,
    refetchInterval: ({ state }) =>
      areAll(FINAL, state.data?.items) || state.dataUpdateCount > LOOKS ? false : LOOK_MS,
  })
  return {
    channels,
    sandbox,
    addSandbox: {
      isPending: addSandbox.isPending,
      error: addSandbox.error,
      run: () =>
        addSandbox.mutate({
          gateway: 'sandbox',
          name: freeName(t('channels.sandboxName'), channels.data ?? []),
          sandbox: SANDBOX,
        }),
    },
    send: {
      isPending: create.isPending,
      error: create.error,
      run: (channel: Channel, content: string) =>
        create.mutate({ body: bodyOf(channel, t('welcome.campaignName'), content), key: `${key}.${channel.id}` }),
    },
    campaignId,
    people: people.data?.items ?? [],
    peopleError: people.error,
    isDone: areAll(ARRIVED, people.data?.items),
  }
}

function areAll(states: readonly string[], people: readonly CampaignContact[] | undefined): boolean {
  return people !== undefined && people.length > 0 && people.every(({ status }) => states.includes(status))
}

function bodyOf(channel: Channel, name: string, content: string): CreateCampaignBody {
  return {
    name,
    channelId: channel.id,
    messages: [{ type: 'text', content }],
    recipients: { contacts: EXAMPLE_PEOPLE.map((person) => ({ ...person })) },
    ...PACE_S,
    start: true,
  }
}
