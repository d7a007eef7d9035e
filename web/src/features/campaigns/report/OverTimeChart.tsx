import { useTranslation } from 'react-i18next'
import { Area, CartesianGrid, ComposedChart, Line, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { formatDuration } from '#contract/timeRemaining.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { cn } from '../../../ui/cn.ts'
import { SERIES, spansDays, type OverTimeProps } from './series.ts'

/** What happened in each stretch of time. The same numbers stand in `OverTimeTable`. */
export function OverTimeChart(overTime: OverTimeProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const when = spansDays(overTime) ? format.instant : format.time
  return (
    <figure className="flex flex-col gap-3">
      <div role="img" aria-label={t('report.chartLabel')} className="h-72 w-full">
        <ResponsiveContainer width="100%" height="100%">
          <ComposedChart
            data={overTime.points}
            margin={{ top: 8, right: 8, bottom: 0, left: 0 }}
            accessibilityLayer={false}
          >
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis
              dataKey="at"
              tickFormatter={when}
              tick={{ fill: 'var(--ink-soft)', fontSize: 12 }}
              stroke="var(--line-strong)"
              minTickGap={48}
            />
            <YAxis
              allowDecimals={false}
              width={56}
              tickFormatter={format.number}
              tick={{ fill: 'var(--ink-soft)', fontSize: 12 }}
              stroke="var(--line-strong)"
            />
            <Tooltip content={<PointCard />} cursor={{ stroke: 'var(--line-strong)' }} />
            <Area
              dataKey="sent"
              stroke="var(--state-sent)"
              fill="var(--primary-soft)"
              strokeWidth={2}
              isAnimationActive={false}
            />
            {SERIES.slice(1).map(({ key, colour }) => (
              <Line key={key} dataKey={key} stroke={colour} strokeWidth={2} dot={false} isAnimationActive={false} />
            ))}
          </ComposedChart>
        </ResponsiveContainer>
      </div>
      <figcaption className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
        {SERIES.map(({ key, swatch }) => (
          <span key={key} className="flex items-center gap-2">
            <span aria-hidden="true" className={cn('h-2.5 w-2.5 rounded-full', swatch)} />
            {t(`report.series.${key}`)}
          </span>
        ))}
        <span className="text-ink-soft">{t('report.each', { span: formatDuration(overTime.bucketSeconds) })}</span>
      </figcaption>
    </figure>
  )
}

type CardProps = {
  active?: boolean
  label?: string | number
  payload?: readonly { dataKey?: unknown; value?: unknown }[]
}

/** The numbers at the place that is pointed at. */
function PointCard({ active, label, payload }: CardProps) {
  const { t } = useTranslation()
  const format = useFormat()
  if (active !== true || payload === undefined) return null
  return (
    <div className="rounded-control border border-line bg-surface p-3 text-sm shadow-pop">
      <p className="mb-1 font-semibold">{format.instant(String(label))}</p>
      {SERIES.map(({ key, swatch }) => {
        const point = payload.find(({ dataKey }) => dataKey === key)
        return (
          <p key={key} className="tabular flex items-center gap-2">
            <span className={cn('h-2 w-2 rounded-full', swatch)} />
            {t(`report.series.${key}`)}: {format.number(Number(point?.value ?? 0))}
          </p>
        )
      })}
    </div>
  )
}
