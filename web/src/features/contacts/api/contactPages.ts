import { infiniteQueryOptions, type InfiniteData, type QueryClient } from '@tanstack/react-query'
import type { Contact } from '#contract/contacts.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import type { Page } from '../../../lib/Page.ts'

/** What the table is narrowed to. */
export type ContactsFilter = { search?: string | undefined; groupId?: string | undefined; tagId?: string | undefined }

const PAGES = ['contacts', 'pages']
const PAGE = 100

/**
 * Contacts a page at a time, in the order in which they came. Nothing is asked again by itself: of a long list that would
 * be hundreds of requests. What we change we write into the pages, and another visit begins anew.
 */
export function contactPagesQuery(filter: ContactsFilter) {
  return infiniteQueryOptions({
    queryKey: [...PAGES, filter],
    queryFn: ({ pageParam, signal }) =>
      apiClient.get<Page<Contact>>('/api/user/contacts', {
        query: { limit: PAGE, cursor: pageParam, ...filter },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    staleTime: Infinity,
    gcTime: 0,
  })
}

type Pages = InfiniteData<Page<Contact>, string | undefined>

/** Rewrites every row that is loaded; null takes it out. */
export function rewriteContacts(client: QueryClient, rewrite: (contact: Contact) => Contact | null): void {
  client.setQueriesData<Pages>({ queryKey: PAGES }, (pages) =>
    pages === undefined
      ? undefined
      : {
          ...pages,
          pages: pages.pages.map((page) => ({ ...page, items: page.items.flatMap((item) => rewrite(item) ?? []) })),
        },
  )
}

/** Begins anew with the first page: after something that may have added anybody anywhere. */
export function reloadContacts(client: QueryClient): Promise<void> {
  return client.resetQueries({ queryKey: PAGES })
}
