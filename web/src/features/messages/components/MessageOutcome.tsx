import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { Button } from '../../../ui/Button.tsx'
import { Notice, type NoticeTone } from '../../../ui/Notice.tsx'
import type { SingleMessage } from '#contract/messages.ts'
import { messageQuery } from '../api/getMessage.ts'
import { MessageActions } from './MessageActions.tsx'
import { useMessageText } from './useMessageText.ts'

type Props = { messageId: string; onDone: () => void }

/** The message just handed over, followed until it has arrived or cannot. */
export function MessageOutcome({ messageId, onDone }: Props) {
  const { data: message } = useQuery(messageQuery(messageId))
  return message === undefined ? null : <Outcome message={message} onDone={onDone} />
}

function Outcome({ message, onDone }: { message: SingleMessage; onDone: () => void }) {
  const { t } = useTranslation()
  const text = useMessageText(message)
  return (
    <Notice
      tone={toneOf(message)}
      title={`${formatPhone(message.phone)}: ${text.state}`}
      action={
        <>
          <MessageActions message={message} />
          <Button look="quiet" size="small" onClick={onDone}>
            {t('common.close')}
          </Button>
        </>
      }
    >
      {text.detail}
    </Notice>
  )
}

function toneOf({ state, reason }: SingleMessage): NoticeTone {
  if (state === 'failed') return 'bad'
  if (state === 'unknown' || state === 'missed' || (state === 'waiting' && reason !== null)) return 'warn'
  return state === 'sent' || state === 'delivered' || state === 'read' ? 'good' : 'info'
}
