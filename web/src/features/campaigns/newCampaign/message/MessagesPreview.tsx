import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PreflightPerson } from '#contract/preflight.ts'
import type { Preview, PreviewBody } from '#contract/templates.ts'
import { ErrorNotice } from '../../../../lib/ErrorNotice.tsx'
import { formatPhone } from '../../../../lib/formatPhone.ts'
import { useSettled } from '../../../../lib/useSettled.ts'
import { Button } from '../../../../ui/Button.tsx'
import { ChatBubble, ChatPreview } from '../../../../ui/ChatPreview.tsx'
import { previewQuery } from '../../api/previewMessages.ts'
import { readyMessages } from '../plan/findProblems.ts'
import { usePlan } from '../PlanContext.tsx'
import { PreviewedBubble } from './PreviewedBubble.tsx'
import { usePreviewedPeople } from './usePreviewedPeople.ts'

const QUIET_MS = 500

/** The messages on a phone, as one of the people chosen will get them; leafs through the first of them. */
export function MessagesPreview() {
  const { t } = useTranslation()
  const { plan } = usePlan()
  const people = usePreviewedPeople()
  const [index, setIndex] = useState(0)
  const at = Math.min(index, Math.max(people.length - 1, 0))
  const person = people[at]
  const ready = readyMessages(plan).filter((message) => message !== null)
  const wanted = ready.length === 0 ? null : { ...whoOf(people, person, t('newCampaign.sampleName')), messages: ready }
  const body = useSettled(wanted && { ...wanted, timeZone: plan.timeZone }, QUIET_MS)
  const preview = useQuery({ ...previewQuery(body), placeholderData: (before: Preview | undefined) => before })
  const shown = preview.data?.items.find(({ contactId }) => contactId === (person?.contactId ?? null))
  return (
    <aside aria-label={t('newCampaign.preview')} className="flex min-w-0 flex-col gap-3 xl:sticky xl:top-6">
      <ChatPreview caption={<Who person={person} />}>
        {ready.length === 0 && (
          <p className="m-auto text-center text-sm text-ink-soft">{t('newCampaign.previewEmpty')}</p>
        )}
        {ready.map((message, step) => (
          <ChatBubble key={plan.messages[step]?.key ?? step} faded={preview.isFetching}>
            <PreviewedBubble message={message} texts={shown?.messages[step]?.texts ?? []} />
          </ChatBubble>
        ))}
      </ChatPreview>
      {people.length > 1 && <Leaf at={at} count={people.length} onGo={setIndex} />}
      {preview.error !== null && <ErrorNotice error={preview.error} onRetry={() => void preview.refetch()} />}
      {preview.data !== undefined && ready.length > 0 && <Lacking preview={preview.data} isReal={people.length > 0} />}
    </aside>
  )
}

/** Contacts are looked up; somebody typed is only known by what was typed. */
function whoOf(
  people: readonly PreflightPerson[],
  person: PreflightPerson | undefined,
  sampleName: string,
): Pick<PreviewBody, 'contactIds' | 'sample'> {
  const contactIds = people.flatMap(({ contactId }) => (contactId === null ? [] : [contactId]))
  const sample =
    person === undefined
      ? { name: sampleName, phone: '+5511987654321' }
      : { phone: person.phone, ...(person.name === null ? {} : { name: person.name }) }
  return {
    ...(contactIds.length > 0 ? { contactIds } : {}),
    ...(person === undefined || person.contactId === null ? { sample } : {}),
  }
}

function Who({ person }: { person: PreflightPerson | undefined }) {
  const { t } = useTranslation()
  if (person === undefined) return <span className="text-ink-soft">{t('newCampaign.previewSample')}</span>
  return (
    <span className="flex flex-col">
      <bdi className="truncate font-semibold">{person.name ?? formatPhone(person.phone)}</bdi>
      {person.name !== null && <span className="tabular text-xs text-ink-soft">{formatPhone(person.phone)}</span>}
    </span>
  )
}

function Leaf({ at, count, onGo }: { at: number; count: number; onGo: (index: number) => void }) {
  const { t } = useTranslation()
  return (
    <div className="flex items-center justify-between gap-2">
      <Button look="secondary" size="small" disabled={at === 0} onClick={() => onGo(at - 1)}>
        {t('newCampaign.personBefore')}
      </Button>
      <span className="tabular text-sm text-ink-soft">{t('newCampaign.personOf', { n: at + 1, count })}</span>
      <Button look="secondary" size="small" disabled={at === count - 1} onClick={() => onGo(at + 1)}>
        {t('newCampaign.personAfter')}
      </Button>
    </div>
  )
}

/** What the texts speak of and the people shown do not have; of everybody the check at the end knows. */
function Lacking({ preview, isReal }: { preview: Preview; isReal: boolean }) {
  const { t } = useTranslation()
  const { items } = preview
  const names = [...new Set(items.flatMap(({ missing }) => missing))]
  if (names.length === 0) return null
  return (
    <div role="status" className="rounded-control bg-warn-soft px-4 py-3 text-sm text-warn-text">
      <ul className="flex flex-col gap-1">
        {names.map((name) => (
          <li key={name}>
            {isReal
              ? t('newCampaign.lackingOf', {
                  variable: `{{${name}}}`,
                  n: items.filter(({ missing }) => missing.includes(name)).length,
                  count: items.length,
                })
              : t('newCampaign.lackingSample', { variable: `{{${name}}}` })}
          </li>
        ))}
        <li>{t('newCampaign.lackingHint', { example: '{{ cidade | default: "aí" }}' })}</li>
      </ul>
    </div>
  )
}
