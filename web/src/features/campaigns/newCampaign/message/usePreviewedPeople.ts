import { useInfiniteQuery } from '@tanstack/react-query'
import type { PreflightPerson } from '#contract/preflight.ts'
import { useSettled } from '../../../../lib/useSettled.ts'
import { preflightPeopleQuery } from '../../api/preflight.ts'
import { audienceBody } from '../plan/audienceBody.ts'
import { usePlan } from '../PlanContext.tsx'

/** So many real people are looked at while the message is written; the check at the end looks at everybody. */
export const PREVIEWED = 20

/** The first of those who were chosen and will get it; empty until somebody was chosen. */
export function usePreviewedPeople(): PreflightPerson[] {
  const { plan, channels } = usePlan()
  const body = useSettled(audienceBody(plan, channels), 300)
  const people = useInfiniteQuery(preflightPeopleQuery(body, 'valid', PREVIEWED))
  return people.data?.pages[0]?.items ?? []
}
