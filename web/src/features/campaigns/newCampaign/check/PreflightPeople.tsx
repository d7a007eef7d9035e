import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { CreateCampaignBody } from '#contract/campaigns.ts'
import { REJECT_REASONS } from '#contract/imports.ts'
import type { PreflightLine, PreflightPerson } from '#contract/preflight.ts'
import { ErrorNotice } from '../../../../lib/ErrorNotice.tsx'
import { formatPhone } from '../../../../lib/formatPhone.ts'
import { CursorPager } from '../../../../ui/CursorPager.tsx'
import { Loading } from '../../../../ui/Loading.tsx'
import { Sheet } from '../../../../ui/Sheet.tsx'
import { preflightPeopleQuery } from '../../api/preflight.ts'

type Props = { body: CreateCampaignBody; line: PreflightLine; onClose: () => void }

/** Who they are, behind one line of the sheet. */
export function PreflightPeople({ body, line, onClose }: Props) {
  const { t } = useTranslation()
  const people = useInfiniteQuery(preflightPeopleQuery(body, line))
  const items = people.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Sheet
      open
      onClose={onClose}
      title={t(`newCampaign.lines.${line}`)}
      closeLabel={t('common.close')}
      description={t(`newCampaign.lineHints.${line}`)}
    >
      {people.error !== null && <ErrorNotice error={people.error} onRetry={() => void people.refetch()} />}
      {people.isPending && people.error === null && <Loading label={t('common.loading')} />}
      <ul className="divide-y divide-line">
        {items.map((person, index) => (
          <Person key={`${index}-${person.phone}`} person={person} />
        ))}
      </ul>
      <CursorPager
        moreLabel={t('common.more')}
        hasMore={people.hasNextPage}
        busy={people.isFetchingNextPage}
        onMore={() => void people.fetchNextPage()}
      />
    </Sheet>
  )
}

function Person({ person: { name, phone, times, reason, lacking } }: { person: PreflightPerson }) {
  const { t } = useTranslation()
  const known = REJECT_REASONS.find((code) => code === reason)
  const notes = [
    known === undefined ? null : t(`newCampaign.reasons.${known}`),
    times > 1 ? t('newCampaign.chosenTimes', { n: times }) : null,
    lacking.length > 0 ? t('newCampaign.lacks', { names: lacking.map((own) => `{{${own}}}`).join(', ') }) : null,
  ].filter((note) => note !== null)
  return (
    <li className="flex flex-col py-2.5">
      <span className="flex flex-wrap justify-between gap-x-4">
        <bdi className="font-medium">{name ?? formatPhone(phone)}</bdi>
        {name !== null && <bdi className="tabular text-ink-soft">{formatPhone(phone)}</bdi>}
      </span>
      {notes.length > 0 && <span className="text-sm text-ink-soft">{notes.join(' · ')}</span>}
    </li>
  )
}
