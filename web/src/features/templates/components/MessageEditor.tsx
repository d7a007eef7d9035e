import { useTranslation } from 'react-i18next'
import { MAX_TEXT_LENGTH } from '#contract/campaignMessages.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Card } from '../../../ui/Card.tsx'
import { TextArea, TextField } from '../../../ui/fields.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { TextWithVariables } from '../../../ui/TextWithVariables.tsx'
import type { DraftMessage, problemOf } from '../draft.ts'
import { MediumChoice } from './MediumChoice.tsx'

const MAX_FILE_NAME = 240
const MAX_DELAY_SECONDS = 86_400

type Props = {
  message: DraftMessage
  index: number
  count: number
  variables: string[]
  problem: ReturnType<typeof problemOf>
  onChange: (message: DraftMessage) => void
  onRemove: () => void
}

/** One message: its text, what it carries, and after how long it follows the one before. */
export function MessageEditor({ message, index, count, variables, problem, onChange, onRemove }: Props) {
  const { t } = useTranslation()
  const id = `message-${message.key}`
  return (
    <Card aria-labelledby={id} className="flex flex-col gap-4">
      <div className="flex items-center justify-between gap-3">
        <h2 id={id} className="text-lg font-bold">
          {count === 1 ? t('templates.message') : t('templates.messageN', { n: index + 1 })}
        </h2>
        {count > 1 && (
          <Button
            look="quiet"
            size="small"
            icon="trash"
            aria-label={t('templates.removeMessage', { n: index + 1 })}
            onClick={onRemove}
          >
            {t('templates.remove')}
          </Button>
        )}
      </div>
      {message.approved === null ? (
        <Written message={message} variables={variables} problem={problem} onChange={onChange} />
      ) : (
        <Notice title={t('templates.approved', { name: message.approved.name })}>{t('templates.approvedText')}</Notice>
      )}
      {index > 0 && (
        <TextField
          label={t('templates.delay')}
          type="number"
          inputMode="numeric"
          min={0}
          max={MAX_DELAY_SECONDS}
          value={message.delaySeconds}
          className="max-w-60"
          onChange={(event) => {
            const seconds = Math.min(Math.max(Number(event.target.value) || 0, 0), MAX_DELAY_SECONDS)
            onChange({ ...message, delaySeconds: seconds })
          }}
        />
      )}
    </Card>
  )
}

type WrittenProps = Pick<Props, 'message' | 'variables' | 'problem' | 'onChange'>

function Written({ message, variables, problem, onChange }: WrittenProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const kind = message.medium?.kind ?? null
  return (
    <>
      <MediumChoice medium={message.medium} onChange={(medium) => onChange({ ...message, medium })} />
      {kind !== 'audio' && (
        <TextWithVariables
          label={t(kind === null ? 'templates.text' : 'templates.caption')}
          // As WhatsApp counts: most emoji are two.
          hint={t('templates.length', {
            n: format.number(message.content.length),
            max: format.number(MAX_TEXT_LENGTH),
          })}
          value={message.content}
          error={problem === 'empty' ? t('fields.required') : undefined}
          maxLength={MAX_TEXT_LENGTH}
          variables={variables}
          chipsLabel={t('templates.variables')}
          namesChips
          chipLabel={(variable) => t('templates.insert', { variable })}
          className="[&_textarea]:min-h-40"
          onChange={(content) => onChange({ ...message, content })}
        />
      )}
      {kind === 'document' && (
        <TextField
          label={t('templates.fileName')}
          hint={t('templates.fileNameHint')}
          value={message.fileName}
          maxLength={MAX_FILE_NAME}
          autoComplete="off"
          error={problem === 'fileName' ? t('fields.invalid') : undefined}
          onChange={(event) => onChange({ ...message, fileName: event.target.value })}
        />
      )}
      {kind !== null && (
        <TextArea
          label={t('templates.fallback')}
          hint={t('templates.fallbackHint')}
          value={message.textFallback}
          maxLength={MAX_TEXT_LENGTH}
          rows={2}
          className="[&_textarea]:min-h-20"
          onChange={(event) => onChange({ ...message, textFallback: event.target.value })}
        />
      )}
    </>
  )
}
