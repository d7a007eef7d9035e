import { useRef } from 'react'
import { useFormContext, useWatch } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { MAX_TEXT_LENGTH } from '#contract/campaigns.ts'
import { fieldErrorText } from '../../../lib/fieldErrors.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { TextArea } from '../../../ui/fields.tsx'
import type { CampaignForm } from './campaignForm.ts'
import { MessagePreview } from './MessagePreview.tsx'
import { parseTypedRecipients } from '#contract/parseTypedRecipients.ts'
import { Section } from './Section.tsx'
import { variablesOf } from './variables.ts'

/** What they get: a text with variables, and beside it the phone that shows it. */
export function MessageSection({ columns }: { columns: readonly string[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { register, formState, setValue, getValues } = useFormContext<CampaignForm>()
  const content = useWatch<CampaignForm, 'content'>({ name: 'content' })
  const area = useRef<HTMLTextAreaElement | null>(null)
  const { ref: registerRef, ...field } = register('content')
  const insert = (variable: string) => {
    const text = getValues('content')
    const from = area.current?.selectionStart ?? text.length
    const to = area.current?.selectionEnd ?? text.length
    const inserted = `{{${variable}}}`
    setValue('content', text.slice(0, from) + inserted + text.slice(to), {
      shouldDirty: true,
      shouldValidate: formState.isSubmitted,
    })
    area.current?.focus()
    area.current?.setSelectionRange(from + inserted.length, from + inserted.length)
  }
  return (
    <Section step={2} title={t('newCampaign.message')}>
      <div className="grid gap-5 lg:grid-cols-[1fr_20rem]">
        <div className="flex flex-col gap-3">
          <TextArea
            label={t('newCampaign.content')}
            hint={t('newCampaign.contentLength', {
              n: format.number(content.length),
              max: format.number(MAX_TEXT_LENGTH),
            })}
            className="[&_textarea]:min-h-48"
            error={fieldErrorText(t, formState.errors.content?.message)}
            {...field}
            ref={(element) => {
              registerRef(element)
              area.current = element
            }}
          />
          <VariableChips variables={variablesOf(columns)} onInsert={insert} />
        </div>
        <MessagePreview content={content} sample={useSample()} />
      </div>
    </Section>
  )
}

function VariableChips({
  variables,
  onInsert,
}: {
  variables: readonly string[]
  onInsert: (variable: string) => void
}) {
  const { t } = useTranslation()
  return (
    <div role="group" aria-label={t('newCampaign.variables')} className="flex flex-wrap items-center gap-2">
      <span aria-hidden="true" className="text-sm text-ink-soft">
        {t('newCampaign.variables')}
      </span>
      {variables.map((variable) => (
        <button
          key={variable}
          type="button"
          aria-label={t('newCampaign.insert', { variable })}
          onClick={() => onInsert(variable)}
          className="min-h-9 rounded-full border border-line-strong px-3 font-mono text-xs text-primary-text transition-colors duration-(--quick) hover:bg-primary-soft"
        >
          {`{{${variable}}}`}
        </button>
      ))}
    </div>
  )
}

/** The first person typed, else somebody made up: the values for the preview. */
function useSample(): Record<string, string> {
  const { t } = useTranslation()
  const format = useFormat()
  const typed = useWatch<CampaignForm, 'typed'>({ name: 'typed' })
  const first = parseTypedRecipients(typed.slice(0, 500)).recipients[0]
  const nome = first?.name ?? t('newCampaign.sampleName')
  return {
    nome,
    primeiro_nome: nome.split(/\s/, 1)[0] ?? nome,
    telefone: first?.phone ?? '+55 11 98765-4321',
    saudacao: 'Bom dia',
    data: format.date(new Date()),
  }
}
