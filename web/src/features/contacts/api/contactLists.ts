import { queryOptions, useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query'
import type { ChangedContactList, ContactList, ContactSelection, LabelKind } from '#contract/contactLists.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { idempotencyKeys } from '../../../lib/idempotencyKeys.ts'
import type { Page } from '../../../lib/Page.ts'
import { rewriteContacts } from './contactPages.ts'

const PATHS: Record<LabelKind, string> = { group: '/api/user/contact-groups', tag: '/api/user/contact-tags' }
const LISTS = ['contactLists']
/** More than anybody keeps apart by name; the rest is left out of choices. */
const MAX_PAGES = 10

/** All groups, or all tags, of the account, newest first. */
export function listsQuery(kind: LabelKind) {
  return queryOptions({
    queryKey: [...LISTS, kind],
    queryFn: async ({ signal }) => {
      const lists: ContactList[] = []
      let cursor: string | undefined
      for (let page = 0; page < MAX_PAGES; page++) {
        const answer = await apiClient.get<Page<ContactList>>(PATHS[kind], { query: { limit: 200, cursor }, signal })
        lists.push(...answer.items)
        if (answer.nextCursor === null) break
        cursor = answer.nextCursor
      }
      return lists
    },
  })
}

export function refreshLists(client: QueryClient): Promise<void> {
  return client.invalidateQueries({ queryKey: LISTS })
}

const creations = idempotencyKeys()

export function useCreateList(kind: LabelKind, onSuccess?: (list: ContactList) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (name: string) =>
      apiClient.post<ContactList>(PATHS[kind], { name }, { idempotencyKey: creations.keyFor({ kind, name }) }),
    onSuccess: async (list) => {
      creations.forget()
      await refreshLists(client)
      onSuccess?.(list)
    },
  })
}

export function useRenameList(kind: LabelKind, listId: string, onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (name: string) => apiClient.patch<ContactList>(`${PATHS[kind]}/${listId}`, { name }),
    onSuccess: async () => {
      await refreshLists(client)
      onSuccess()
    },
  })
}

export function useDeleteList(kind: LabelKind, listId: string, onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => apiClient.delete<undefined>(`${PATHS[kind]}/${listId}`),
    onSuccess: async () => {
      await refreshLists(client)
      onSuccess()
    },
  })
}

export type ListChange = { kind: LabelKind; listId: string; how: 'add' | 'remove'; selection: ContactSelection }

/** Puts contacts into a group or tag, or takes them out. The rows that are loaded follow without being asked again. */
export function useChangeList(onSuccess?: (changed: ChangedContactList, change: ListChange) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ kind, listId, how, selection }: ListChange) =>
      apiClient.post<ChangedContactList>(`${PATHS[kind]}/${listId}/${how}`, selection),
    onSuccess: async (changed, change) => {
      followChange(client, change)
      onSuccess?.(changed, change)
      await refreshLists(client)
    },
    // Whoever is open was shown as if it had worked.
    onError: () => client.invalidateQueries({ queryKey: ['contacts', 'one'] }),
  })
}

/** Rows that fit a filter are those that are shown, for the table shows one filter at a time. */
function followChange(client: QueryClient, { kind, listId, how, selection }: ListChange): void {
  const field = kind === 'group' ? 'groupIds' : 'tagIds'
  const chosen = 'contactIds' in selection ? new Set(selection.contactIds) : null
  const changed = (ids: string[]) => {
    const others = ids.filter((id) => id !== listId)
    return how === 'add' ? [...others, listId] : others
  }
  rewriteContacts(client, (row) =>
    chosen === null || chosen.has(row.id) ? { ...row, [field]: changed(row[field]) } : row,
  )
  void client.invalidateQueries({ queryKey: ['contacts', 'one'] })
}
