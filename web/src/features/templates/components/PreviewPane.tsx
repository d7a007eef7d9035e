import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MAX_CAPTION_LENGTH, MAX_TEXT_LENGTH, type CampaignMessage } from '#contract/campaignMessages.ts'
import type { Contact } from '#contract/contacts.ts'
import type { Preview } from '#contract/templates.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { useSettled } from '../../../lib/useSettled.ts'
import { Badge } from '../../../ui/Card.tsx'
import { Combobox, type ComboboxItem } from '../../../ui/Combobox.tsx'
import { peopleQuery } from '../api/people.ts'
import { previewQuery } from '../api/templates.ts'
import type { TemplateDraft } from '../draft.ts'
import { PhoneScreen, type Bubble } from './PhoneScreen.tsx'

const QUIET_MS = 400

type Props = {
  draft: TemplateDraft
  /** Null while one of them is not finished: the phone then shows the last that were. */
  messages: CampaignMessage[] | null
  person: Contact | null
  onPerson: (person: Contact | null) => void
}

/** The messages as one person gets them, and which variables they need. */
export function PreviewPane({ draft, messages, person, onPerson }: Props) {
  const { t } = useTranslation()
  const settled = useSettled(JSON.stringify(messages), QUIET_MS)
  const sample = { name: t('templates.sampleName'), phone: '+5511987654321' }
  const preview = useQuery(
    previewQuery(
      JSON.parse(settled) as CampaignMessage[] | null,
      person === null ? { sample } : { contactIds: [person.id] },
    ),
  )
  const item = preview.data?.items[0]
  const bubbles = messages === null || item === undefined ? [] : bubblesOf(draft, messages, item)
  const name = person === null ? sample.name : person.name || formatPhone(person.phone)
  return (
    <aside aria-label={t('templates.preview')} className="flex min-w-0 flex-col gap-4 lg:sticky lg:top-6">
      <PersonChoice person={person} onPerson={onPerson} />
      <PhoneScreen name={name} bubbles={bubbles} emptyText={t('templates.previewEmpty')} />
      {preview.error !== null && messages !== null && (
        <ErrorNotice error={preview.error} onRetry={() => void preview.refetch()} />
      )}
      <Lengths bubbles={bubbles} />
      {preview.data !== undefined && messages !== null && (
        <Needs needs={preview.data.needs} missing={item?.missing ?? []} name={name} />
      )}
    </aside>
  )
}

function PersonChoice({ person, onPerson }: Pick<Props, 'person' | 'onPerson'>) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const search = useSettled(text.trim(), QUIET_MS)
  const people = useQuery(peopleQuery(person !== null && search === person.name ? '' : search.slice(0, 100)))
  // The same thing as long as it is the same person: with another one the field would show their name again.
  const shown = useMemo(() => (person === null ? null : itemOf(person)), [person])
  return (
    <Combobox
      label={t('templates.previewFor')}
      placeholder={t('templates.sampleName')}
      items={(people.data ?? []).map(itemOf)}
      emptyText={t('templates.nobodyFound')}
      clearLabel={t('lists.clear')}
      value={shown}
      onSearch={setText}
      onChange={(item) => onPerson(people.data?.find(({ id }) => String(id) === item?.value) ?? null)}
    />
  )
}

function itemOf({ id, name, phone }: Contact): ComboboxItem {
  return { value: String(id), label: name || formatPhone(phone), hint: formatPhone(phone) }
}

type Item = Preview['items'][number]

function bubblesOf(draft: TemplateDraft, messages: CampaignMessage[], item: Item): Bubble[] {
  return messages.map((message, index) => {
    const shown = item.messages[index]
    const text = shown?.texts.find(({ field }) => field !== 'textFallback')
    const medium = draft.messages[index]?.medium ?? null
    return {
      key: draft.messages[index]?.key ?? String(index),
      medium,
      fileName: draft.messages[index]?.fileName ?? '',
      text: text?.text ?? '',
      hasProblem: text !== undefined && text.problem !== null,
      maxLength: medium === null ? MAX_TEXT_LENGTH : MAX_CAPTION_LENGTH,
      approved: message.type === 'template' ? message.name : null,
    }
  })
}

/** How long each text became with the person's values, where it matters: near the end of what WhatsApp takes. */
function Lengths({ bubbles }: { bubbles: Bubble[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <ul className="flex flex-col gap-1 text-sm">
      {bubbles.map(({ key, text, hasProblem, maxLength }, index) => (
        <li key={key} className={hasProblem ? 'font-medium text-bad-text' : 'text-ink-soft'}>
          {bubbles.length > 1 && `${t('templates.messageN', { n: index + 1 })}: `}
          {hasProblem
            ? t('templates.problem')
            : t('templates.rendered', { n: format.number(text.length), max: format.number(maxLength) })}
        </li>
      ))}
    </ul>
  )
}

function Needs({ needs, missing, name }: { needs: Preview['needs']; missing: string[]; name: string }) {
  const { t } = useTranslation()
  if (needs.length === 0) return <p className="text-sm text-ink-soft">{t('templates.noNeeds')}</p>
  return (
    <section aria-label={t('templates.needs')} className="flex flex-col gap-2">
      <h2 className="text-sm font-semibold">{t('templates.needs')}</h2>
      <ul className="flex flex-col gap-1.5">
        {needs.map((need) => (
          <li key={need.name} className="flex flex-wrap items-center gap-2 text-sm">
            <code className="[overflow-wrap:anywhere]">{need.name}</code>
            {missing.includes(need.name) ? (
              <Badge tone="warn">{t('templates.missing', { name })}</Badge>
            ) : (
              <Badge tone={need.hasFallback ? 'good' : 'neutral'}>
                {t(need.hasFallback ? 'templates.hasFallback' : 'templates.filled')}
              </Badge>
            )}
          </li>
        ))}
      </ul>
      {missing.length > 0 && (
        <p className="text-sm text-ink-soft">
          {t('templates.missingText', { example: '{{nome | default: "cliente"}}' })}
        </p>
      )}
    </section>
  )
}
