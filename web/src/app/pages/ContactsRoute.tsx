import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { meQuery } from '../../features/auth/api/getMe.ts'
import type { ContactsFilter } from '../../features/contacts/api/contactPages.ts'
import { ContactsPage } from '../../features/contacts/components/ContactsPage.tsx'
import { buttonClass } from '../../ui/Button.tsx'
import { Icon } from '../../ui/icons.tsx'

const route = getRouteApi('/app/contacts')

export function ContactsRoute() {
  const { t } = useTranslation()
  const { search, group, tag, contact } = route.useSearch()
  const navigate = route.useNavigate()
  const { data: me } = useQuery(meQuery)
  const filter = useMemo<ContactsFilter>(() => ({ search, groupId: group, tagId: tag }), [search, group, tag])
  const setFilter = useCallback(
    (next: ContactsFilter) =>
      // Typing is one step back, not one per letter.
      void navigate({ search: { search: next.search, group: next.groupId, tag: next.tagId }, replace: true }),
    [navigate],
  )
  const openContact = useCallback(
    (contactId: number | undefined) => void navigate({ search: (before) => ({ ...before, contact: contactId }) }),
    [navigate],
  )
  return (
    <ContactsPage
      userId={me?.id ?? ''}
      filter={filter}
      onFilter={setFilter}
      contactId={contact}
      onContact={openContact}
      importLink={
        <Link to="/imports" className={buttonClass({ look: 'secondary' })}>
          <Icon name="upload" />
          {t('contacts.import')}
        </Link>
      }
      campaignLink={(campaignId, name) => (
        <Link
          to="/campaigns/$campaignId"
          params={{ campaignId }}
          className="text-primary-text underline-offset-4 hover:underline"
        >
          {name}
        </Link>
      )}
    />
  )
}
