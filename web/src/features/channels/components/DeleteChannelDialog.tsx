import { useTranslation } from 'react-i18next'
import type { Channel } from '#contract/channels.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { ConfirmDialog } from '../../../ui/Dialog.tsx'
import { useDeleteChannel } from '../api/deleteChannel.ts'

export function DeleteChannelDialog({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation()
  const remove = useDeleteChannel(onClose)
  return (
    <ConfirmDialog
      open
      title={t('channels.deleteTitle', { name: channel.name })}
      confirmLabel={t('channels.deleteConfirm')}
      cancelLabel={t('common.back')}
      busy={remove.isPending}
      onConfirm={() => remove.mutate(channel.id)}
      onCancel={onClose}
    >
      <p>{t('channels.deleteText')}</p>
      {remove.error !== null && <ErrorNotice error={remove.error} />}
    </ConfirmDialog>
  )
}
