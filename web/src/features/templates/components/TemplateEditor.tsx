import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MAX_STEPS } from '#contract/campaigns.ts'
import type { Contact } from '#contract/contacts.ts'
import type { SavedTemplate } from '#contract/templates.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useStoredDraft } from '../../../lib/useStoredDraft.ts'
import { Button } from '../../../ui/Button.tsx'
import { Card, PageHeader } from '../../../ui/Card.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { Form } from '../../../ui/Form.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { peopleQuery } from '../api/people.ts'
import { useSaveTemplate } from '../api/templates.ts'
import {
  draftOf,
  emptyMessage,
  messagesOf,
  problemOf,
  templateDraft,
  variablesFor,
  type DraftMessage,
  type TemplateDraft,
} from '../draft.ts'
import { MessageEditor } from './MessageEditor.tsx'
import { PreviewPane } from './PreviewPane.tsx'

const MAX_NAME = 120

type Props = { userId: string; template: SavedTemplate | null; onDone: () => void }

/** Writes messages beside a phone that shows them for somebody real. What is typed is kept until it is saved. */
export function TemplateEditor({ userId, template, onDone }: Props) {
  const { t } = useTranslation()
  const [saved] = useState(() => (template === null ? { name: '', messages: [emptyMessage()] } : draftOf(template)))
  const stored = useStoredDraft<TemplateDraft | null>(
    `template.${template?.id ?? `new.${userId}`}`,
    templateDraft.nullable(),
    null,
  )
  const draft = stored.draft ?? saved
  const [wasKept] = useState(stored.draft !== null)
  const people = useQuery(peopleQuery(''))
  const [chosen, setChosen] = useState<Contact | null>()
  // Somebody real from the start; who then chooses nobody gets the made-up person.
  const person = chosen === undefined ? (people.data?.[0] ?? null) : chosen
  const [isChecked, setIsChecked] = useState(false)
  const save = useSaveTemplate(template?.id ?? null, () => {
    stored.discard()
    showToast({ title: t('templates.saved') })
    onDone()
  })
  const messages = messagesOf(draft)
  const isNameMissing = draft.name.trim() === ''
  const submit = () => {
    setIsChecked(true)
    if (messages !== null && !isNameMissing) save.mutate({ name: draft.name.trim(), messages })
  }
  const setMessages = (next: DraftMessage[]) => stored.change({ ...draft, messages: next })
  return (
    <>
      <PageHeader
        title={template === null ? t('templates.new') : t('templates.edit')}
        actions={
          <Button look="quiet" onClick={onDone}>
            {t('templates.backToList')}
          </Button>
        }
      />
      {wasKept && stored.draft !== null && (
        <Notice
          className="mb-5"
          title={t('templates.kept')}
          action={
            <Button look="secondary" size="small" onClick={stored.discard}>
              {t('templates.discard')}
            </Button>
          }
        />
      )}
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <Form className="min-w-0 gap-5" onSubmit={submit}>
          <Card>
            <TextField
              label={t('templates.name')}
              hint={t('templates.nameHint')}
              value={draft.name}
              maxLength={MAX_NAME}
              autoComplete="off"
              error={isChecked && isNameMissing ? t('fields.required') : undefined}
              onChange={(event) => stored.change({ ...draft, name: event.target.value })}
            />
          </Card>
          {draft.messages.map((message, index) => (
            <MessageEditor
              key={message.key}
              message={message}
              index={index}
              count={draft.messages.length}
              variables={variablesFor(person?.variables)}
              problem={isChecked ? problemOf(message) : null}
              onChange={(next) => setMessages(draft.messages.map((one) => (one.key === message.key ? next : one)))}
              onRemove={() => setMessages(draft.messages.filter((one) => one.key !== message.key))}
            />
          ))}
          {draft.messages.length < MAX_STEPS && (
            <Button
              look="secondary"
              icon="plus"
              className="self-start"
              onClick={() => setMessages([...draft.messages, emptyMessage()])}
            >
              {t('templates.addMessage')}
            </Button>
          )}
          {save.error !== null && <ErrorNotice error={save.error} onRetry={submit} />}
          <Button type="submit" busy={save.isPending} className="self-start">
            {t('templates.save')}
          </Button>
        </Form>
        <PreviewPane draft={draft} messages={messages} person={person} onPerson={setChosen} />
      </div>
    </>
  )
}
