import { queryOptions } from '@tanstack/react-query'
import type { PhoneValidation, ValidatePhoneBody } from '#contract/phones.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** An answer of WhatsApp is good for a day on the server; here it spares the repeats of one sitting. */
const FRESH_MS = 5 * 60_000

/** What a typed number means, and whether the channel finds it on WhatsApp. Not repeated by itself: it costs budget. */
export function phoneQuery(body: ValidatePhoneBody) {
  return queryOptions({
    queryKey: ['phone', body],
    queryFn: ({ signal }) => apiClient.post<PhoneValidation>('/api/user/phones/validate', body, { signal }),
    staleTime: ({ state }) => (state.data?.check.state === 'unknown' ? 0 : FRESH_MS),
    refetchOnWindowFocus: false,
    refetchOnReconnect: true,
    retry: false,
  })
}
