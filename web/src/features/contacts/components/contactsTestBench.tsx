import { screen, within } from '@testing-library/react'
import { useState } from 'react'
import type { Contact } from '#contract/contacts.ts'
import { buildContact, buildList, uuid } from '../../../../test/builders.ts'
import { stubApi, type Call } from '../../../../test/stubApi.ts'
import type { ContactsFilter } from '../api/contactPages.ts'
import { ContactsPage } from './ContactsPage.tsx'

export const GROUP = buildList()
export const TAG = buildList({ id: uuid(31), name: 'Retornou' })
const SUMMARY = {
  contacts: { count: 100_000, isMore: true },
  withoutWhatsapp: { count: 0, isMore: false },
  suppressed: { count: 2, isMore: false },
  groups: { count: 1, isMore: false },
  tags: { count: 1, isMore: false },
}
export const people = [
  buildContact(),
  buildContact({ id: 2, phone: '+5521987650002', name: 'Bia Lima', groupIds: [GROUP.id] }),
  buildContact({ id: 3, phone: '+351912000004', name: '' }),
]

export type Handlers = Parameters<typeof stubApi>[0]

export function stubContacts(contacts: Contact[] = people, more: Handlers = {}) {
  return stubApi({
    'GET /api/user/contacts': () => ({ body: { items: contacts, nextCursor: null } }),
    'GET /api/user/contacts/summary': () => ({ body: SUMMARY }),
    'GET /api/user/contact-groups': () => ({ body: { items: [GROUP], nextCursor: null } }),
    'GET /api/user/contact-tags': () => ({ body: { items: [TAG], nextCursor: null } }),
    ...more,
  })
}

/** The page with an address bar of its own. */
export function Page({ start = {} }: { start?: ContactsFilter }) {
  const [filter, setFilter] = useState(start)
  const [contactId, setContactId] = useState<number>()
  return (
    <ContactsPage
      userId="u1"
      filter={filter}
      onFilter={setFilter}
      contactId={contactId}
      onContact={setContactId}
      importLink={<a href="/imports">Importar</a>}
      campaignLink={(id, name) => <a href={`/campaigns/${id}`}>{name}</a>}
    />
  )
}

export const lists = (calls: Call[]) =>
  calls.filter(({ method, path }) => method === 'GET' && path === '/api/user/contacts')
export const rowOf = async (name: string) => within(await screen.findByRole('row', { name: new RegExp(name) }))
