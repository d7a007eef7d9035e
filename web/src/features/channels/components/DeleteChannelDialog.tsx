import { useTranslation } from 'react-i18next'
import type { Channel } from '#contract/channels.ts'
import { ConfirmCall } from '../../../lib/ConfirmCall.tsx'
import { useDeleteChannel } from '../api/deleteChannel.ts'

export function DeleteChannelDialog({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation()
  const remove = useDeleteChannel(onClose)
  return (
    <ConfirmCall
      title={t('channels.deleteTitle', { name: channel.name })}
      confirmLabel={t('channels.deleteConfirm')}
      call={remove}
      onConfirm={() => remove.mutate(channel.id)}
      onClose={onClose}
    >
      <p>{t('channels.deleteText')}</p>
    </ConfirmCall>
  )
}
