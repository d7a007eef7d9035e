import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { templateMessage, type TemplateMessage } from '#contract/campaignMessages.ts'
import { TextArea, TextField } from '../../../../ui/fields.tsx'

type Props = {
  template: TemplateMessage | null
  error: string | undefined
  onChange: (template: TemplateMessage | null) => void
}

/**
 * A template that Meta approved, by its name, its language and the values for the body. A header or buttons that came
 * with a saved one stay as they are.
 */
export function TemplateFields({ template, error, onChange }: Props) {
  const { t } = useTranslation()
  const [name, setName] = useState(template?.name ?? '')
  const [language, setLanguage] = useState(template?.language ?? 'pt_BR')
  const [values, setValues] = useState((template?.body ?? []).map(({ text }) => text).join('\n'))
  const put = (next: { name?: string; language?: string; values?: string }) => {
    const all = { name, language, values, ...next }
    const lines = all.values.split('\n').filter((line) => line.trim() !== '')
    const body = lines.map((text, index) => ({ ...template?.body?.[index], text }))
    const made = { ...template, type: 'template', name: all.name.trim(), language: all.language.trim(), body }
    onChange(templateMessage.safeParse(made).data ?? null)
  }
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <TextField
        label={t('newCampaign.templateName')}
        hint={t('newCampaign.templateNameHint')}
        autoComplete="off"
        spellCheck={false}
        value={name}
        error={error}
        onChange={(event) => {
          setName(event.target.value)
          put({ name: event.target.value })
        }}
      />
      <TextField
        label={t('newCampaign.templateLanguage')}
        hint={t('newCampaign.templateLanguageHint')}
        autoComplete="off"
        spellCheck={false}
        value={language}
        onChange={(event) => {
          setLanguage(event.target.value)
          put({ language: event.target.value })
        }}
      />
      <TextArea
        label={t('newCampaign.templateValues')}
        hint={t('newCampaign.templateValuesHint', { nome: '{{nome}}' })}
        className="sm:col-span-2"
        value={values}
        onChange={(event) => {
          setValues(event.target.value)
          put({ values: event.target.value })
        }}
      />
    </div>
  )
}
