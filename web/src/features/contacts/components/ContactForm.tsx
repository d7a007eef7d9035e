import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import type { Contact } from '#contract/contacts.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useStoredDraft } from '../../../lib/useStoredDraft.ts'
import { Button } from '../../../ui/Button.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { Form } from '../../../ui/Form.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { useEditContact } from '../api/contact.ts'

const schema = z.object({ name: z.string(), variables: z.array(z.object({ name: z.string(), value: z.string() })) })
type Draft = z.infer<typeof schema>

const MAX_NAME = 500
const MAX_VARIABLE_NAME = 512
const MAX_VALUE = 4096

/** Name and variables. What is typed is kept on this device until it is saved or given up. */
export function ContactForm({ contact }: { contact: Contact }) {
  const { t } = useTranslation()
  const stored = draftOf(contact)
  const { draft, change, discard } = useStoredDraft<Draft | null>(`contact.${contact.id}`, schema.nullable(), null)
  const shown = draft ?? stored
  const edit = useEditContact(contact.id, () => {
    discard()
    showToast({ title: t('contacts.saved') })
  })
  const problem = problemOf(shown)
  const save = () => {
    const filled = shown.variables.filter(({ name, value }) => name.trim() !== '' || value !== '')
    edit.mutate({
      name: shown.name.trim(),
      variables: Object.fromEntries(filled.map(({ name, value }) => [name.trim(), value])),
    })
  }
  return (
    <Form
      onSubmit={() => {
        if (problem === null) save()
      }}
    >
      <TextField
        label={t('contacts.name')}
        value={shown.name}
        maxLength={MAX_NAME}
        dir="auto"
        autoComplete="off"
        onChange={(event) => change({ ...shown, name: event.target.value })}
      />
      <Variables shown={shown} onChange={change} />
      {problem !== null && <p className="text-sm font-medium text-bad-text">{t(`contacts.${problem}`)}</p>}
      {edit.error !== null && <ErrorNotice error={edit.error} onRetry={save} />}
      {draft !== null && (
        <div className="flex flex-wrap gap-3">
          <Button type="submit" size="small" busy={edit.isPending} disabled={problem !== null}>
            {t('common.save')}
          </Button>
          <Button look="quiet" size="small" onClick={discard}>
            {t('contacts.giveUp')}
          </Button>
        </div>
      )}
    </Form>
  )
}

function Variables({ shown, onChange }: { shown: Draft; onChange: (draft: Draft) => void }) {
  const { t } = useTranslation()
  const last = useRef<HTMLInputElement>(null)
  const [added, setAdded] = useState(0)
  useEffect(() => {
    if (added > 0) last.current?.focus()
  }, [added])
  const set = (index: number, variable: Draft['variables'][number] | null) =>
    onChange({ ...shown, variables: shown.variables.flatMap((one, at) => (at === index ? (variable ?? []) : one)) })
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-sm font-semibold">{t('contacts.variables')}</legend>
      {shown.variables.length === 0 && <p className="text-sm text-ink-soft">{t('contacts.noVariables')}</p>}
      {shown.variables.map((variable, index) => (
        <div key={index} className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)_auto] items-center gap-2">
          <input
            ref={index === shown.variables.length - 1 ? last : null}
            aria-label={t('contacts.variableName', { n: index + 1 })}
            value={variable.name}
            maxLength={MAX_VARIABLE_NAME}
            autoComplete="off"
            onChange={(event) => set(index, { ...variable, name: event.target.value })}
            className={FIELD}
          />
          <input
            aria-label={t('contacts.variableValue', { name: variable.name || index + 1 })}
            value={variable.value}
            maxLength={MAX_VALUE}
            dir="auto"
            autoComplete="off"
            onChange={(event) => set(index, { ...variable, value: event.target.value })}
            className={FIELD}
          />
          <Button
            look="quiet"
            size="small"
            icon="close"
            className="min-w-10 px-2"
            aria-label={t('contacts.removeVariable', { name: variable.name || index + 1 })}
            onClick={() => set(index, null)}
          >
            {''}
          </Button>
        </div>
      ))}
      <Button
        look="quiet"
        size="small"
        icon="plus"
        className="self-start"
        onClick={() => {
          onChange({ ...shown, variables: [...shown.variables, { name: '', value: '' }] })
          setAdded(added + 1)
        }}
      >
        {t('contacts.addVariable')}
      </Button>
    </fieldset>
  )
}

const FIELD =
  'min-h-10 w-full rounded-control border border-line-strong bg-surface px-3 text-sm hover:border-primary focus-visible:outline-offset-0'

function draftOf({ name, variables }: Contact): Draft {
  return { name, variables: Object.entries(variables).map(([key, value]) => ({ name: key, value })) }
}

function problemOf({ variables }: Draft): 'variableNameMissing' | 'variableTwice' | null {
  const names = variables.filter(({ value }) => value !== '').map(({ name }) => name.trim())
  if (names.includes('')) return 'variableNameMissing'
  return new Set(names).size === names.length ? null : 'variableTwice'
}
