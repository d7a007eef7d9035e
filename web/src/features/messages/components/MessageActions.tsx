import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SingleMessage } from '#contract/messages.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { Button } from '../../../ui/Button.tsx'
import { ConfirmDialog } from '../../../ui/Dialog.tsx'
import { useChangeMessage } from '../api/changeMessage.ts'

/** What can still be done about a message: send it now, or take it back before it goes. */
export function MessageActions({ message }: { message: SingleMessage }) {
  const { t } = useTranslation()
  const [asks, setAsks] = useState(false)
  const change = useChangeMessage(message.messageId)
  const phone = formatPhone(message.phone)
  if (!isOpen(message)) return null
  return (
    <>
      {change.error !== null && <ErrorNotice error={change.error} className="w-full" />}
      {canGoNow(message) && (
        <Button
          look="secondary"
          size="small"
          icon="play"
          aria-label={t('singleMessage.sendNowNamed', { phone })}
          busy={change.isPending && change.variables === 'sendNow'}
          onClick={() => change.mutate('sendNow')}
        >
          {t('singleMessage.sendNow')}
        </Button>
      )}
      <Button
        look="secondary"
        size="small"
        icon="close"
        aria-label={t('singleMessage.cancelNamed', { phone })}
        busy={change.isPending && change.variables === 'cancel'}
        onClick={() => setAsks(true)}
      >
        {t('singleMessage.cancel')}
      </Button>
      <ConfirmDialog
        open={asks}
        title={t('singleMessage.cancelTitle')}
        confirmLabel={t('singleMessage.cancelConfirm')}
        cancelLabel={t('singleMessage.keep')}
        onCancel={() => setAsks(false)}
        onConfirm={() => {
          setAsks(false)
          change.mutate('cancel')
        }}
      >
        {t('singleMessage.cancelText', { phone })}
      </ConfirmDialog>
    </>
  )
}

function isOpen({ state }: SingleMessage): boolean {
  return state === 'scheduled' || state === 'waiting' || state === 'missed'
}

/** What simply waits for its turn goes by itself in a moment. */
function canGoNow({ state, reason }: SingleMessage): boolean {
  return state === 'scheduled' || state === 'missed' || (state === 'waiting' && reason !== null && reason !== 'retry')
}
