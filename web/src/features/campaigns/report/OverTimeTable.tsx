import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../lib/useFormat.ts'
import { ScrollArea } from '../../../ui/ScrollArea.tsx'
import { SERIES, type OverTimeProps } from './series.ts'

/** The numbers of the chart, for whoever rather reads them. Stretches in which nothing happened are left out. */
export function OverTimeTable({ points }: OverTimeProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const busy = points.filter((point) => SERIES.some(({ key }) => point[key] > 0))
  return (
    <ScrollArea role="region" label={t('report.overTime')} className="max-h-96">
      <table className="w-full border-collapse text-sm">
        <thead className="sticky top-0 bg-surface">
          <tr className="border-b border-line">
            <th scope="col" className="py-2 pr-4 text-left font-semibold">
              {t('report.from')}
            </th>
            {SERIES.map(({ key }) => (
              <th key={key} scope="col" className="py-2 pl-4 text-right font-semibold">
                {t(`report.series.${key}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {busy.map((point) => (
            <tr key={point.at} className="border-b border-line last:border-b-0">
              <th scope="row" className="tabular py-1.5 pr-4 text-left font-medium">
                {format.instant(point.at)}
              </th>
              {SERIES.map(({ key }) => (
                <td key={key} className="tabular py-1.5 pl-4 text-right">
                  {format.number(point[key])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollArea>
  )
}
