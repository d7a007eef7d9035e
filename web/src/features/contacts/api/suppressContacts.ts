import type { AddedSuppressions, AddSuppressionsBody } from '#contract/suppressions.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** Nothing is sent to these numbers any more. */
export function suppressPhones(phones: string[], reason: AddSuppressionsBody['reason']): Promise<AddedSuppressions> {
  return apiClient.post<AddedSuppressions>('/api/user/suppressions', { phones, reason })
}
