import { useTranslation } from 'react-i18next'
import { useFormat } from '../../../lib/useFormat.ts'
import { cn } from '../../../ui/cn.ts'
import type { Connection } from '../useCampaignProgress.ts'

/** Whether what is shown is live, asked for every 5 s, or final; and as of when. */
export function ConnectionNote({ connection, at }: { connection: Connection; at: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  if (connection === 'ended') return null
  return (
    <p className="flex items-center gap-1.5 text-sm text-ink-soft" data-connection={connection}>
      <span
        aria-hidden="true"
        className={cn(
          'h-2 w-2 rounded-full',
          connection === 'live' ? 'animate-pulse bg-dawn' : 'border border-line-strong',
        )}
      />
      {t(`monitor.connection.${connection}`, { time: format.time(at) })}
    </p>
  )
}
