import type { ReactNode } from 'react'
import type { CampaignSummary } from '#contract/campaigns.ts'
import type { OverviewChannel } from '#contract/overview.ts'
import { Card } from '../../../ui/Card.tsx'
import type { AutoPause } from './autoPauses.ts'

/** What the app, which alone knows the addresses, puts into the overview. */
export type OverviewLinks = {
  /** What a new installation does first. */
  firstSteps: ReactNode
  campaign: (campaign: CampaignSummary) => ReactNode
  autoPause: (pause: AutoPause) => ReactNode
  channels: ReactNode
  statusOf: (channel: OverviewChannel) => ReactNode
}

/** A part of the overview with its heading. */
export function Part({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <Card aria-label={title} className="flex flex-col gap-4">
      <div className="flex items-center justify-between gap-3">
        <h2 className="text-lg font-semibold">{title}</h2>
        {aside}
      </div>
      {children}
    </Card>
  )
}
