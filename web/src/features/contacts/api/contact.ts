import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type {
  Contact,
  ContactActivity,
  CreateContactBody,
  EditContactBody,
  ErasedPerson,
  PersonExport,
} from '#contract/contacts.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { idempotencyKeys } from '../../../lib/idempotencyKeys.ts'
import type { Page } from '../../../lib/Page.ts'
import { reloadContacts, rewriteContacts } from './contactPages.ts'
import { refreshLists } from './contactLists.ts'
import { refreshSummary } from './contactSummary.ts'

const PATH = '/api/user/contacts'

export function contactQuery(contactId: number) {
  return queryOptions({
    queryKey: ['contacts', 'one', contactId],
    queryFn: ({ signal }) => apiClient.get<Contact>(`${PATH}/${contactId}`, { signal }),
  })
}

/** What campaigns and single messages were to one person, newest first. */
export function activityQuery(contactId: number) {
  return infiniteQueryOptions({
    queryKey: ['contacts', 'one', contactId, 'activity'],
    queryFn: ({ pageParam, signal }) =>
      apiClient.get<Page<ContactActivity>>(`${PATH}/${contactId}/activity`, {
        query: { limit: 20, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  })
}

const creations = idempotencyKeys()

export function useCreateContact(onSuccess: (contact: Contact) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: CreateContactBody) =>
      apiClient.post<Contact>(PATH, body, { idempotencyKey: creations.keyFor(body) }),
    onSuccess: (contact) => {
      creations.forget()
      client.setQueryData(contactQuery(contact.id).queryKey, contact)
      void reloadContacts(client)
      void refreshLists(client)
      void refreshSummary(client)
      onSuccess(contact)
    },
  })
}

export function useEditContact(contactId: number, onSuccess?: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: EditContactBody) => apiClient.patch<Contact>(`${PATH}/${contactId}`, body),
    onSuccess: (contact) => {
      client.setQueryData(contactQuery(contactId).queryKey, contact)
      rewriteContacts(client, (row) => (row.id === contactId ? contact : row))
      onSuccess?.()
    },
  })
}

/** Takes somebody out of the contacts; the person is not erased. */
export async function deleteContact(contactId: number): Promise<void> {
  await apiClient.delete<undefined>(`${PATH}/${contactId}`)
}

/** Erases a person everywhere; they stay suppressed. */
export function useEraseContact(contactId: number, onSuccess: (erased: ErasedPerson) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => apiClient.post<ErasedPerson>(`${PATH}/${contactId}/erase`),
    onSuccess: (erased) => {
      rewriteContacts(client, (row) => (row.id === contactId ? null : row))
      client.removeQueries({ queryKey: contactQuery(contactId).queryKey })
      void refreshLists(client)
      void refreshSummary(client)
      onSuccess(erased)
    },
  })
}

/** Everything that is known of one person. */
export function exportContact(contactId: number): Promise<PersonExport> {
  return apiClient.get<PersonExport>(`${PATH}/${contactId}/export`)
}
