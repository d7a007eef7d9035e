import { useTranslation } from 'react-i18next'
import type { CampaignContact } from '#contract/campaigns.ts'
import type { RecipientStatus } from '#contract/states.ts'
import { formatPhone } from '../../lib/formatPhone.ts'
import { Badge, type Tone } from '../../ui/Card.tsx'
import { Loading } from '../../ui/Loading.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { EXAMPLE_PEOPLE } from './examplePeople.ts'

const TONES: Partial<Record<RecipientStatus, Tone>> = { sent: 'info', delivered: 'good', read: 'good', failed: 'bad' }
const ACCEPTED: readonly RecipientStatus[] = ['sent', 'delivered', 'read']

/** The three people, each with where their message is; and the sentence when all have it. */
export function Arrivals({ people, isDone }: { people: readonly CampaignContact[]; isDone: boolean }) {
  const { t } = useTranslation()
  const count = people.filter(({ status }) => ACCEPTED.includes(status)).length
  return (
    <>
      {people.length === 0 && <Loading label={t('welcome.preparing')} />}
      <ul className="divide-y divide-line">
        {people.map(({ contactId, name, phone, status }) => (
          <li key={contactId} className="flex items-center justify-between gap-3 py-3">
            <span className="min-w-0">
              <bdi className="block font-medium">{name ?? formatPhone(phone)}</bdi>
              <span className="tabular text-sm text-ink-soft">{formatPhone(phone)}</span>
            </span>
            <Badge tone={TONES[status] ?? 'neutral'}>{t(`states.${status}`)}</Badge>
          </li>
        ))}
      </ul>
      {isDone && (
        <Notice tone="good" title={t('welcome.arrived', { n: count, of: EXAMPLE_PEOPLE.length })}>
          {t('welcome.arrivedText')}
        </Notice>
      )}
    </>
  )
}
