import { useTranslation } from 'react-i18next'
import type { Channel } from '#contract/channels.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { ConfirmDialog } from '../../../ui/Dialog.tsx'
import { useDisconnectChannel } from '../api/pairing.ts'

export function DisconnectDialog({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation()
  const disconnect = useDisconnectChannel(channel.id, onClose)
  return (
    <ConfirmDialog
      open
      title={t('channels.disconnectTitle', { name: channel.name })}
      confirmLabel={t('channels.disconnectConfirm')}
      cancelLabel={t('common.back')}
      busy={disconnect.isPending}
      onConfirm={() => disconnect.mutate()}
      onCancel={onClose}
    >
      <p>{t('channels.disconnectText')}</p>
      {disconnect.error !== null && <ErrorNotice error={disconnect.error} />}
    </ConfirmDialog>
  )
}
