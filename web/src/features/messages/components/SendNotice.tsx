import { useTranslation } from 'react-i18next'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { Button } from '../../../ui/Button.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import type { SingleMessageSender } from '../useSingleMessageSender.ts'

/** What became of handing the message over, where it is not simply on its way, and what to do about it. */
export function SendNotice({ send }: Pick<SingleMessageSender, 'send'>) {
  const { t } = useTranslation()
  const letGo = (
    <Button look="quiet" size="small" onClick={send.letGo}>
      {t('singleMessage.letGo')}
    </Button>
  )
  switch (send.state) {
    case 'refused':
      return <ErrorNotice error={send.error} onRetry={send.submit} />
    case 'unanswered':
      return (
        <Notice
          tone="warn"
          title={t('singleMessage.unansweredTitle')}
          action={
            <>
              <Button look="secondary" size="small" icon="refresh" onClick={send.repeat}>
                {t('common.retry')}
              </Button>
              {letGo}
            </>
          }
        >
          {t('singleMessage.unansweredText')}
        </Notice>
      )
    case 'expired':
      return (
        <Notice tone="warn" title={t('singleMessage.expiredTitle')} action={letGo}>
          {t('singleMessage.expiredText')}
        </Notice>
      )
    default:
      return null
  }
}
