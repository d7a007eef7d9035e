import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { UserSettings } from '#contract/userSettings.ts'
import { apiClient } from '../../../lib/apiClient.ts'

const PATH = '/api/user/settings'

export const userSettingsQuery = queryOptions({
  queryKey: ['user-settings'],
  queryFn: ({ signal }) => apiClient.get<UserSettings>(PATH, { signal }),
})

/** Saves what the account wants for all of its requests. */
export function useSaveUserSettings(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (settings: UserSettings) => apiClient.patch<UserSettings>(PATH, settings),
    onSuccess: (saved) => {
      client.setQueryData(userSettingsQuery.queryKey, saved)
      onSuccess()
    },
  })
}
