import type { ReactNode } from 'react'
import { useController, useFormContext, useWatch } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import type { ContactImport } from '#contract/imports.ts'
import { CountryField } from '../../../lib/CountryField.tsx'
import { fieldErrorText } from '../../../lib/fieldErrors.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { CheckField, TextArea } from '../../../ui/fields.tsx'
import type { CampaignForm } from './campaignForm.ts'
import { parseTypedRecipients } from '#contract/parseTypedRecipients.ts'
import { Section } from './Section.tsx'

type Props = { imports: readonly ContactImport[]; importLink: ReactNode }

/** Who gets the message: people from files, people typed here, or both. */
export function RecipientsSection({ imports, importLink }: Props) {
  const { t } = useTranslation()
  const { register, formState } = useFormContext<CampaignForm>()
  const country = useController<CampaignForm, 'defaultCountry'>({ name: 'defaultCountry' })
  const typed = useWatch<CampaignForm, 'typed'>({ name: 'typed' })
  return (
    <Section step={1} title={t('newCampaign.recipients')}>
      <ImportChoice imports={imports} importLink={importLink} />
      <TextArea
        label={t('newCampaign.typed')}
        hint={typed.trim() === '' ? t('newCampaign.typedHint', { nome: '{{nome}}' }) : <TypedCount typed={typed} />}
        placeholder={'Maria Souza 11 98765-4321\n+351 912 345 678'}
        autoComplete="off"
        spellCheck={false}
        error={fieldErrorText(t, formState.errors.typed?.message)}
        {...register('typed')}
      />
      {typed.trim() !== '' && (
        <CountryField label={t('newCampaign.country')} value={country.field.value} onChange={country.field.onChange} />
      )}
    </Section>
  )
}

function ImportChoice({ imports, importLink }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const { field } = useController<CampaignForm, 'importIds'>({ name: 'importIds' })
  const toggle = (id: string, on: boolean) =>
    field.onChange(on ? [...field.value, id] : field.value.filter((other) => other !== id))
  return (
    <fieldset className="flex flex-col">
      <legend className="mb-1.5 text-sm font-semibold">{t('newCampaign.imports')}</legend>
      {imports.length === 0 && <p className="mb-1 text-sm text-ink-soft">{t('newCampaign.noImports')}</p>}
      {imports.map((contactImport) => (
        <CheckField
          key={contactImport.id}
          label={contactImport.fileName}
          hint={`${t('newCampaign.importPeople', { count: contactImport.accepted, n: format.number(contactImport.accepted) })} · ${format.instant(contactImport.createdAt)}`}
          checked={field.value.includes(contactImport.id)}
          onChange={(event) => toggle(contactImport.id, event.target.checked)}
        />
      ))}
      <div className="mt-1">{importLink}</div>
    </fieldset>
  )
}

function TypedCount({ typed }: { typed: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { recipients, doubtful } = parseTypedRecipients(typed)
  const entries = t('newCampaign.typedCount', { count: recipients.length, n: format.number(recipients.length) })
  if (doubtful === 0) return <span>{entries}</span>
  return (
    <span>
      {entries}{' '}
      <strong className="text-warn-text">
        {t('newCampaign.typedDoubtful', { count: doubtful, n: format.number(doubtful) })}
      </strong>
    </span>
  )
}
