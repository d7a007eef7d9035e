import { useMutation } from '@tanstack/react-query'
import type { ContactImport } from '#contract/imports.ts'
import type { RecipientStatus } from '#contract/states.ts'
import { ApiError } from '../../../lib/ApiError.ts'
import { apiClient } from '../../../lib/apiClient.ts'

const LOOK_MS = 700

type Bucket = { campaignId: string; state: RecipientStatus | undefined; fileName: string; defaultCountry: string }

/**
 * The people of one state of a campaign as a list that a new campaign can begin with: what the export says of them is
 * imported, however many they are. Answers with the import's id once it can be used.
 */
export function usePeopleAsList() {
  return useMutation({
    mutationFn: async ({ campaignId, state, fileName, defaultCountry }: Bucket) => {
      const people = await apiClient.download(`/api/user/bulk-campaigns/${campaignId}/report/export`, { status: state })
      const form = new FormData()
      form.set('defaultCountry', defaultCountry)
      form.set('file', new File([people], fileName, { type: 'text/csv' }))
      const { id } = await apiClient.upload<ContactImport>('/api/user/imports', form, () => {})
      return untilUsable(id)
    },
  })
}

async function untilUsable(importId: string): Promise<string> {
  for (;;) {
    const { status } = await apiClient.get<ContactImport>(`/api/user/imports/${importId}`)
    if (status === 'completed') return importId
    if (status !== 'uploading' && status !== 'running') throw new ApiError('CSV_UNREADABLE')
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
