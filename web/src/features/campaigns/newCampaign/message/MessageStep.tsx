import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { MAX_STEPS } from '#contract/campaigns.ts'
import type { ContactImport } from '#contract/imports.ts'
import { variablesOf } from '../../../../lib/variablesOf.ts'
import { Button } from '../../../../ui/Button.tsx'
import { newMessage, type PlanMessage } from '../plan/campaignPlan.ts'
import { usePlan } from '../PlanContext.tsx'
import { MessageEditor } from './MessageEditor.tsx'
import { MessagesPreview } from './MessagesPreview.tsx'
import { SavedTemplates } from './SavedTemplates.tsx'

type Props = { imports: readonly ContactImport[]; templatesLink: ReactNode }

/** What they get: one message or several after each other, and beside them the phone that shows them. */
export function MessageStep({ imports, templatesLink }: Props) {
  const { t } = useTranslation()
  const { plan, change } = usePlan()
  const { messages } = plan
  const put = (key: string, part: Partial<PlanMessage>) =>
    change({ messages: messages.map((message) => (message.key === key ? { ...message, ...part } : message)) })
  const columns = imports.filter(({ id }) => plan.importIds.includes(id)).flatMap((file) => file.columns)
  return (
    <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_21rem]">
      <div className="flex min-w-0 flex-col gap-4">
        <SavedTemplates link={templatesLink} />
        {messages.map((message, index) => (
          <MessageEditor
            key={message.key}
            message={message}
            index={index}
            count={messages.length}
            variables={variablesOf(columns)}
            onChange={(part) => put(message.key, part)}
            onMove={(by) => change({ messages: moved(messages, index, by) })}
            onRemove={() => change({ messages: messages.filter(({ key }) => key !== message.key) })}
          />
        ))}
        {messages.length < MAX_STEPS && (
          <Button
            look="secondary"
            icon="plus"
            className="self-start max-sm:whitespace-normal"
            onClick={() => change({ messages: [...messages, newMessage()] })}
          >
            {t('newCampaign.addMessage')}
          </Button>
        )}
      </div>
      <MessagesPreview />
    </div>
  )
}

function moved(messages: readonly PlanMessage[], from: number, by: -1 | 1): PlanMessage[] {
  const order = [...messages]
  const [taken] = order.splice(from, 1)
  return taken === undefined ? order : order.toSpliced(from + by, 0, taken)
}
