import { Link } from '@tanstack/react-router'
import { ListsPage } from '../../features/contacts/components/ListsPage.tsx'

export function ContactListsRoute() {
  return (
    <ListsPage
      contactsLink={(kind, { id, name }) => (
        <Link
          to="/contacts"
          search={kind === 'group' ? { group: id } : { tag: id }}
          className="font-medium [overflow-wrap:anywhere] underline-offset-4 hover:underline"
        >
          <bdi>{name}</bdi>
        </Link>
      )}
    />
  )
}
