import { queryOptions } from '@tanstack/react-query'
import type { UserSettings } from '#contract/userSettings.ts'
import { apiClient } from '../../../lib/apiClient.ts'

/** The country whose numbers this account writes without a code. */
export const homeCountryQuery = queryOptions({
  queryKey: ['campaigns', 'homeCountry'],
  queryFn: async ({ signal }) => (await apiClient.get<UserSettings>('/api/user/settings', { signal })).defaultCountry,
  staleTime: Infinity,
})
