import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AdminAuditRow } from '#contract/audit.ts'
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
          <Fact key={field} name={<code className="text-sm">{field}</code>}>
            <Value value={value} />
          </Fact>
        ))}
      </dl>
      {changes.length > 0 && (
        <section className="flex flex-col gap-2">
          <h3 className="font-semibold">{t('adminAudit.changed')}</h3>
          <ul className="flex flex-col gap-3">
            {changes.map(({ field, from, to }) => (
              <li key={field} className="rounded-control bg-sunk p-3">
                {field !== '' && <code className="mb-1 block text-sm font-semibold">{field}</code>}
                <dl className="grid gap-x-4 gap-y-1 sm:grid-cols-[auto_minmax(0,1fr)]">
                  <Fact name={t('adminAudit.before')}>
                    <Value value={from} />
                  </Fact>
                  <Fact name={t('adminAudit.after')}>
                    <Value value={to} />
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

function Value({ value }: { value: unknown }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (value === null || value === undefined || value === '') return t('adminAudit.nothing')
  if (typeof value === 'boolean') return value ? t('adminAudit.yes') : t('adminAudit.no')
  if (typeof value === 'number') return format.number(value)
  if (typeof value === 'string') return INSTANT.test(value) ? format.instant(value) : value
  return <code className="text-sm break-all">{JSON.stringify(value)}</code>
}
