import { useTranslation } from 'react-i18next'
import type { Channel } from '#contract/channels.ts'
import { ConfirmCall } from '../../../lib/ConfirmCall.tsx'
import { useDisconnectChannel } from '../api/pairing.ts'

export function DisconnectDialog({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation()
  const disconnect = useDisconnectChannel(channel.id, onClose)
  return (
    <ConfirmCall
      title={t('channels.disconnectTitle', { name: channel.name })}
      confirmLabel={t('channels.disconnectConfirm')}
      call={disconnect}
      onConfirm={() => disconnect.mutate()}
      onClose={onClose}
    >
      <p>{t('channels.disconnectText')}</p>
    </ConfirmCall>
  )
}
