import { useQuery } from '@tanstack/react-query'
import type { PhoneValidation } from '#contract/phones.ts'
import { apiClient } from '../apiClient.ts'
import { useSettled } from '../useSettled.ts'

const QUIET_MS = 300

export type PhoneCheck =
  | { state: 'idle' }
  | { state: 'checking' }
  | { state: 'failed' }
  | { state: 'checked'; answer: PhoneValidation }

/** What a number that is being typed means, a moment after the last key. Nobody outside is asked. */
export function usePhoneCheck(phone: string, defaultCountry: string): PhoneCheck {
  const typed = phone.trim()
  const settled = useSettled(typed, QUIET_MS)
  const check = useQuery({
    queryKey: ['phones', settled, defaultCountry],
    queryFn: ({ signal }) =>
      apiClient.post<PhoneValidation>('/api/user/phones/validate', { phone: settled, defaultCountry }, { signal }),
    enabled: settled !== '',
    staleTime: Infinity,
  })
  if (typed === '') return { state: 'idle' }
  if (typed === settled && check.isError) return { state: 'failed' }
  return typed !== settled || check.data === undefined
    ? { state: 'checking' }
    : { state: 'checked', answer: check.data }
}
