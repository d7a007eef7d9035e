import { createContext, useContext, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Channel } from '#contract/channels.ts'
import type { CampaignPlan } from './plan/campaignPlan.ts'
import type { Problem } from './plan/findProblems.ts'

type PlanValue = {
  draftId: string
  plan: CampaignPlan
  channels: readonly Channel[]
  /** Those to be shown now: of steps that somebody has left or tried to send. */
  problems: readonly Problem[]
  change: (change: Partial<CampaignPlan>) => void
}

const PlanContext = createContext<PlanValue | null>(null)

export function PlanProvider({ value, children }: { value: PlanValue; children: ReactNode }) {
  return <PlanContext value={value}>{children}</PlanContext>
}

export function usePlan(): PlanValue {
  const value = useContext(PlanContext)
  if (value === null) throw new Error('usePlan outside of PlanProvider')
  return value
}

/** The sentence about a field; undefined while it is fine, or nobody has come to it yet. */
export function useProblemOf(): (field: string) => string | undefined {
  const { t } = useTranslation()
  const { problems } = usePlan()
  return (field) => {
    const problem = problems.find((known) => known.field === field)
    return problem && t(`newCampaign.problems.${problem.name}`, { count: problem.count ?? 0 })
  }
}
