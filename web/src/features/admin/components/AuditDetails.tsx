import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AdminAuditRow } from '#contract/audit.ts'
import { ROLES } from '#contract/auth.ts'
import { CAMPAIGN_STATUSES } from '#contract/states.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { readDetails } from '../readDetails.ts'

type Props = { row: AdminAuditRow; campaignLink: (campaignId: string) => ReactNode }

/** One row of the trail with everything that was noted: before and after side by side, the rest as facts. */
export function AuditDetails({ row, campaignLink }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const { changes, facts } = readDetails(row.details)
  return (
    <>
      <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-[auto_minmax(0,1fr)]">
        <Fact name={t('adminAudit.at')}>{format.instant(row.at)}</Fact>
        <Fact name={t('adminAudit.who')}>{row.userName ?? t('adminAudit.nobody')}</Fact>
        {row.address !== null && <Fact name={t('adminAudit.address')}>{row.address}</Fact>}
        {row.ownerId !== null && row.ownerId !== row.userId && (
          <Fact name={t('adminAudit.owner')}>
            <code className="text-sm">{row.ownerId}</code>
          </Fact>
        )}
        {row.campaignId !== null && <Fact name={t('adminAudit.campaign')}>{campaignLink(row.campaignId)}</Fact>}
        {row.target !== null && (
          <Fact name={t('adminAudit.target')}>
            <code className="text-sm">{row.target}</code>
          </Fact>
        )}
        {facts.map(({ field, value }) => (
          <Fact key={field} name={<FieldName field={field} />}>
            <Value field={field} value={value} />
          </Fact>
        ))}
      </dl>
      {changes.length > 0 && (
        <section className="flex flex-col gap-2">
          <h3 className="font-semibold">{t('adminAudit.changed')}</h3>
          <ul className="flex flex-col gap-3">
            {changes.map(({ field, from, to }) => (
              <li key={field} className="rounded-control bg-sunk p-3">
                {field !== '' && (
                  <p className="mb-1 text-sm font-semibold">
                    <FieldName field={field} />
                  </p>
                )}
                <dl className="grid gap-x-4 gap-y-1 sm:grid-cols-[auto_minmax(0,1fr)]">
                  <Fact name={t('adminAudit.before')}>
                    <Value field={field} value={from} />
                  </Fact>
                  <Fact name={t('adminAudit.after')}>
                    <Value field={field} value={to} />
                  </Fact>
                </dl>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt className="text-sm text-ink-soft">{name}</dt>
      <dd className="min-w-0 break-words">
        <bdi>{children}</bdi>
      </dd>
    </>
  )
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/

/** What the trail notes most often, in words; the rest is shown under the name that it is stored by. */
const NAMED_FIELDS = [
  'name',
  'email',
  'role',
  'reason',
  'status',
  'fileName',
  'kind',
  'scheduledAt',
  'from',
  'ended',
  'start',
  'added',
  'prefix',
  'recipients',
] as const

function FieldName({ field }: { field: string }) {
  const { t } = useTranslation()
  const known = NAMED_FIELDS.find((name) => name === field)
  return known === undefined ? <code className="text-sm break-all">{field}</code> : t(`adminAudit.fields.${known}`)
}

function Value({ field, value }: { field: string; value: unknown }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (value === null || value === undefined || value === '') return t('adminAudit.nothing')
  const role = field === 'role' ? ROLES.find((known) => known === value) : undefined
  if (role !== undefined) return t(`adminUsers.roles.${role}`)
  const status = CAMPAIGN_STATUSES.find((known) => known === value)
  if (status !== undefined) return t(`campaigns.status.${status}`)
  if (typeof value === 'boolean') return value ? t('adminAudit.yes') : t('adminAudit.no')
  if (typeof value === 'number') return format.number(value)
  if (typeof value === 'string') return INSTANT.test(value) ? format.instant(value) : value
  return <code className="text-sm break-all">{JSON.stringify(value)}</code>
}
