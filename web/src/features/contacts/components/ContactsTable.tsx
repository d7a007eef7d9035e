import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Contact } from '#contract/contacts.ts'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { DataTable, rowLinkClass, type Column } from '../../../ui/DataTable.tsx'
import { listsQuery } from '../api/contactLists.ts'
import type { ContactsFilter } from '../api/contactPages.ts'
import { SelectionBar } from './SelectionBar.tsx'

type Props = {
  rows: Contact[]
  filter: ContactsFilter
  hasMore: boolean
  busy: boolean
  onEnd: () => void
  onContact: (contactId: number) => void
}

const NOBODY: ReadonlySet<string> = new Set()

/** The contacts found, to open or to tick. */
export function ContactsTable({ rows, filter, hasMore, busy, onEnd, onContact }: Props) {
  const { t } = useTranslation()
  const columns = useColumns(onContact)
  const [selected, setSelected] = useState(NOBODY)
  const [isEverybody, setIsEverybody] = useState(false)
  const chosen = useMemo(() => rows.filter(({ id }) => selected.has(String(id))), [rows, selected])
  const change = (next: ReadonlySet<string>) => {
    setSelected(next)
    setIsEverybody(false)
  }
  return (
    <>
      <DataTable
        label={t('contacts.title')}
        columns={columns}
        rows={rows}
        rowKey={({ id }) => String(id)}
        selection={{
          selected,
          onChange: change,
          labelOf: (row) => t('contacts.select', { name: row.name || formatPhone(row.phone) }),
          allLabel: t('contacts.selectShown'),
        }}
        hasMore={hasMore}
        busy={busy}
        busyLabel={t('common.loading')}
        onEnd={onEnd}
      />
      {chosen.length > 0 && (
        <SelectionBar
          chosen={chosen}
          isEverybody={isEverybody}
          onEverybody={hasMore && chosen.length === rows.length ? () => setIsEverybody(true) : undefined}
          filter={filter}
          onClear={() => change(NOBODY)}
        />
      )}
    </>
  )
}

function useColumns(onContact: (contactId: number) => void): Column<Contact>[] {
  const { t } = useTranslation()
  const format = useFormat()
  const { data: groups = [] } = useQuery(listsQuery('group'))
  const { data: tags = [] } = useQuery(listsQuery('tag'))
  return useMemo(() => {
    const names = new Map([...groups, ...tags].map(({ id, name }) => [id, name]))
    const namesOf = ({ groupIds, tagIds }: Contact) => [...groupIds, ...tagIds].flatMap((id) => names.get(id) ?? [])
    return [
      {
        key: 'name',
        header: t('contacts.name'),
        width: 'minmax(0,1.4fr)',
        cell: (row) => (
          <button type="button" className={`${rowLinkClass} text-left`} onClick={() => onContact(row.id)}>
            <span dir="auto" className={row.name === '' ? 'text-ink-soft' : 'font-medium'}>
              {row.name || t('contacts.nameless')}
            </span>
          </button>
        ),
      },
      {
        key: 'phone',
        header: t('contacts.phone'),
        width: '12rem',
        cell: (row) => <span className="tabular">{formatPhone(row.phone)}</span>,
      },
      {
        key: 'lists',
        header: t('contacts.lists'),
        width: 'minmax(0,1.2fr)',
        cell: (row) => <Names names={namesOf(row)} />,
      },
      {
        key: 'createdAt',
        header: t('contacts.since'),
        width: '8rem',
        phone: 'hidden',
        cell: (row) => <span className="text-sm text-ink-soft">{format.date(new Date(row.createdAt))}</span>,
      },
    ]
  }, [t, format, groups, tags, onContact])
}

const SHOWN = 2

function Names({ names }: { names: string[] }) {
  if (names.length === 0) return <span className="text-ink-soft">—</span>
  return (
    <span className="flex min-w-0 items-center gap-1">
      {names.slice(0, SHOWN).map((name, index) => (
        <span
          key={`${index} ${name}`}
          dir="auto"
          className="max-w-40 min-w-0 truncate rounded-full bg-sunk px-2 py-0.5 text-xs font-medium text-ink-soft"
        >
          {name}
        </span>
      ))}
      {names.length > SHOWN && <span className="shrink-0 text-xs text-ink-soft">+{names.length - SHOWN}</span>}
    </span>
  )
}
