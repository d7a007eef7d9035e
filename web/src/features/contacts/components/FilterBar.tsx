import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LabelKind } from '#contract/contactLists.ts'
import { SearchField } from '../../../ui/SearchField.tsx'
import { Select } from '../../../ui/Select.tsx'
import { listsQuery } from '../api/contactLists.ts'
import type { ContactsFilter } from '../api/contactPages.ts'

const QUIET_MS = 300
const MAX_SEARCH = 100
/** No id of ours. */
const ALL = 'all'

type Props = { filter: ContactsFilter; onFilter: (filter: ContactsFilter) => void }

/** What the table is narrowed to: the beginning of a name or number, a group, a tag. */
export function FilterBar({ filter, onFilter }: Props) {
  return (
    <div className="mb-4 grid gap-3 sm:grid-cols-2 lg:grid-cols-[minmax(0,1fr)_14rem_14rem]">
      <Search filter={filter} onFilter={onFilter} />
      <ListFilter kind="group" chosen={filter.groupId} onChoose={(groupId) => onFilter({ ...filter, groupId })} />
      <ListFilter kind="tag" chosen={filter.tagId} onChoose={(tagId) => onFilter({ ...filter, tagId })} />
    </div>
  )
}

function Search({ filter, onFilter }: Props) {
  const { t } = useTranslation()
  const applied = filter.search ?? ''
  const [text, setText] = useState(applied)
  const [asked, setAsked] = useState(applied)
  const [known, setKnown] = useState(applied)
  // The way back, or "show all", changes what is applied from outside; what was asked for here may be typed on already.
  if (known !== applied) {
    setKnown(applied)
    if (applied !== asked) setText(applied)
    setAsked(applied)
  }
  useEffect(() => {
    const search = text.trim().slice(0, MAX_SEARCH)
    if (search === asked) return
    const timer = setTimeout(() => {
      setAsked(search)
      onFilter({ ...filter, search: search === '' ? undefined : search })
    }, QUIET_MS)
    return () => clearTimeout(timer)
  }, [text, asked, filter, onFilter])
  return (
    <SearchField label={t('contacts.search')} value={text} onChange={setText} className="sm:col-span-2 lg:col-span-1" />
  )
}

type ListFilterProps = { kind: LabelKind; chosen: string | undefined; onChoose: (listId: string | undefined) => void }

function ListFilter({ kind, chosen, onChoose }: ListFilterProps) {
  const { t } = useTranslation()
  const { data: lists = [] } = useQuery(listsQuery(kind))
  // One that was deleted since still narrows the table: it must be there to be taken away.
  const isGone = chosen !== undefined && !lists.some(({ id }) => id === chosen)
  return (
    <Select
      label={t(`lists.${kind}.one`)}
      labelHidden
      value={chosen ?? ALL}
      options={[
        { value: ALL, label: t(`lists.${kind}.all`) },
        ...(isGone ? [{ value: chosen, label: '…' }] : []),
        ...lists.map(({ id, name }) => ({ value: id, label: name })),
      ]}
      onChange={(value) => onChoose(value === ALL ? undefined : value)}
    />
  )
}
