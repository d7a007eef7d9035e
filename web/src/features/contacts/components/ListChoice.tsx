import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { LabelKind } from '#contract/contactLists.ts'
import { MultiCombobox } from '../../../ui/Combobox.tsx'
import { listsQuery } from '../api/contactLists.ts'

type Props = { kind: LabelKind; chosen: readonly string[]; hint?: string; onChange: (chosen: string[]) => void }

/** Groups or tags of somebody, found by typing. */
export function ListChoice({ kind, chosen, hint, onChange }: Props) {
  const { t } = useTranslation()
  const { data: lists } = useQuery(listsQuery(kind))
  const items = useMemo(() => (lists ?? []).map(({ id, name }) => ({ value: id, label: name })), [lists])
  return (
    <MultiCombobox
      label={t(`lists.${kind}.many`)}
      placeholder={chosen.length === 0 ? t(`lists.${kind}.choose`) : ''}
      items={items}
      emptyText={t(`lists.${kind}.none`)}
      clearLabel={t('lists.clear')}
      removeLabel={({ label }) => t('lists.takeOut', { name: label })}
      // A list that is gone since is not shown, and leaves with the next change.
      value={items.filter(({ value }) => chosen.includes(value))}
      onChange={(next) => onChange(next.map(({ value }) => value))}
      {...(hint === undefined ? {} : { hint })}
    />
  )
}
