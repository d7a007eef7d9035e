import { useTranslation } from 'react-i18next'
import { Button } from '../../../../ui/Button.tsx'
import { Menu, type MenuItem } from '../../../../ui/Menu.tsx'
import { SelectField, TextField } from '../../../../ui/fields.tsx'
import { MESSAGE_TYPES, type MessageType, type PlanMessage } from '../plan/campaignPlan.ts'
import { readAmount } from '../plan/readAmount.ts'
import { useProblemOf } from '../PlanContext.tsx'
import { Section } from '../Section.tsx'
import { FallbackField } from './FallbackField.tsx'
import { MediumField } from './MediumField.tsx'
import { TemplateFields } from './TemplateFields.tsx'
import { VariableText } from './VariableText.tsx'

type Props = {
  message: PlanMessage
  index: number
  count: number
  variables: readonly string[]
  onChange: (part: Partial<PlanMessage>) => void
  onMove: (by: -1 | 1) => void
  onRemove: () => void
}

/** One message of the sequence: its kind, what it says or carries, and the pause before it. */
export function MessageEditor({ message, index, count, variables, onChange, onMove, onRemove }: Props) {
  const { t } = useTranslation()
  const problemOf = useProblemOf()
  const at = (part: string) => problemOf(`messages.${index}.${part}`)
  const title = count === 1 ? t('newCampaign.message') : t('newCampaign.messageOf', { n: index + 1, count })
  return (
    <Section
      title={title}
      aside={count > 1 && <Order index={index} count={count} title={title} onMove={onMove} onRemove={onRemove} />}
    >
      {index > 0 && (
        <TextField
          label={t('newCampaign.delayBefore')}
          hint={t('newCampaign.delayBeforeHint')}
          type="number"
          inputMode="decimal"
          min={0}
          max={86_400}
          step="any"
          className="max-w-xs"
          value={message.delaySeconds ?? ''}
          error={at('delay')}
          onChange={(event) => onChange({ delaySeconds: readAmount(event.target.value) })}
        />
      )}
      <TypeChoice
        type={message.type}
        onChange={(type) => onChange({ type, ...(type === message.type ? {} : { mediaId: null, fileName: null }) })}
      />
      {message.type === 'template' && (
        <TemplateFields
          template={message.template}
          error={at('template')}
          onChange={(template) => onChange({ template })}
        />
      )}
      {message.type !== 'text' && message.type !== 'template' && (
        <MediumField message={message} error={at('media')} onChange={onChange} />
      )}
      {message.type !== 'audio' && message.type !== 'template' && (
        <VariableText
          label={message.type === 'text' ? t('newCampaign.content') : t('newCampaign.caption')}
          value={message.content}
          isLong={message.type === 'text'}
          variables={variables}
          error={at('content')}
          onChange={(content) => onChange({ content })}
        />
      )}
      {message.type !== 'text' && message.type !== 'template' && (
        <FallbackField
          value={message.textFallback}
          variables={variables}
          error={at('fallback')}
          onChange={(textFallback) => onChange({ textFallback })}
        />
      )}
    </Section>
  )
}

function TypeChoice({ type, onChange }: { type: MessageType; onChange: (type: MessageType) => void }) {
  const { t } = useTranslation()
  return (
    <SelectField
      label={t('newCampaign.type')}
      className="max-w-xs"
      value={type}
      onChange={(event) => onChange(MESSAGE_TYPES.find((known) => known === event.target.value) ?? 'text')}
    >
      {MESSAGE_TYPES.map((known) => (
        <option key={known} value={known}>
          {t(`newCampaign.types.${known}`)}
        </option>
      ))}
    </SelectField>
  )
}

type OrderProps = Pick<Props, 'index' | 'count' | 'onMove' | 'onRemove'> & { title: string }

function Order({ index, count, title, onMove, onRemove }: OrderProps) {
  const { t } = useTranslation()
  const items: MenuItem[] = [
    { label: t('newCampaign.moveUp'), disabled: index === 0, onSelect: () => onMove(-1) },
    { label: t('newCampaign.moveDown'), disabled: index === count - 1, onSelect: () => onMove(1) },
  ]
  return (
    <div className="flex gap-1">
      <Menu label={t('newCampaign.orderOf', { name: title })} items={items} />
      <Button
        look="quiet"
        size="small"
        icon="trash"
        aria-label={t('newCampaign.removeNamed', { name: title })}
        onClick={onRemove}
      >
        {t('newCampaign.remove')}
      </Button>
    </div>
  )
}
