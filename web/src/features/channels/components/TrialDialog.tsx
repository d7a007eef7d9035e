import { useTranslation } from 'react-i18next'
import type { Channel } from '#contract/channels.ts'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TrialMessage } from './TrialMessage.tsx'

/** Whether this number really sends: one message to a phone at hand. */
export function TrialDialog({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation()
  const content = t('channels.testContent', { name: channel.name })
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('channels.testTitle', { name: channel.name })}
      closeLabel={t('common.close')}
      description={t(channel.gateway === 'sandbox' ? 'channels.testSandbox' : 'channels.testLead')}
    >
      <p className="rounded-control bg-sunk p-3 text-sm">{content}</p>
      <TrialMessage channelId={channel.id} message={{ type: 'text', content }} />
    </Dialog>
  )
}
