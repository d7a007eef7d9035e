import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Stats } from '#contract/campaigns.ts'
import { totalOf, type RecipientStatus } from '#contract/states.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { cn } from '../../../ui/cn.ts'
import { BOOK_GROUPS, STATE_COLOURS } from '../books.ts'

export type BucketLink = (state: RecipientStatus, name: string) => ReactNode

/** Every state with its number, in three groups with their sums, and below them the total that they make. */
export function BooksLegend({ stats, bucketLink }: { stats: Stats; bucketLink?: BucketLink | undefined }) {
  const { t } = useTranslation()
  const format = useFormat()
  const sums = BOOK_GROUPS.map((group) => group.states.reduce((sum, state) => sum + stats[state], 0))
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-x-8 gap-y-5 sm:grid-cols-3">
        {BOOK_GROUPS.map((group, index) => (
          <section key={group.name} aria-label={t(`books.${group.name}`)}>
            <h2 className="flex items-baseline justify-between gap-2 border-b border-line pb-1.5">
              <span className="font-semibold">{t(`books.${group.name}`)}</span>
              <span className="tabular text-lg font-bold">{format.number(sums[index] ?? 0)}</span>
            </h2>
            <dl className="mt-1.5">
              {group.states.map((state) => (
                <Line key={state} state={state} count={stats[state]} bucketLink={bucketLink} />
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="tabular rounded-control bg-sunk px-3 py-2 text-sm">
        {t('books.sum', {
          parts: sums.map((sum) => format.number(sum)).join(' + '),
          total: format.number(totalOf(stats)),
        })}
      </p>
    </div>
  )
}

type LineProps = { state: RecipientStatus; count: number; bucketLink: BucketLink | undefined }

function Line({ state, count, bucketLink }: LineProps) {
  const { t } = useTranslation()
  const name = t(`states.${state}`)
  const format = useFormat()
  return (
    <div className={cn('flex items-center gap-2 py-0.5 text-sm', count === 0 && 'text-ink-soft')}>
      <dt className="flex min-w-0 flex-1 items-center gap-2">
        <span aria-hidden="true" className={cn('h-2.5 w-2.5 shrink-0 rounded-full', STATE_COLOURS[state])} />
        {bucketLink === undefined || count === 0 ? name : bucketLink(state, name)}
      </dt>
      <dd className="tabular font-medium">{format.number(count)}</dd>
    </div>
  )
}
