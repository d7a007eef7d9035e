import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactSelection, LabelKind } from '#contract/contactLists.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Combobox, type ComboboxItem } from '../../../ui/Combobox.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { Form } from '../../../ui/Form.tsx'
import { Segmented } from '../../../ui/Segmented.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { listsQuery, useChangeList, useCreateList } from '../api/contactLists.ts'

type Props = { how: 'add' | 'remove'; selection: ContactSelection; onClose: () => void }

/** Which group or tag the chosen go into, or come out of. A new one is made on the way. */
export function ChangeListDialog({ how, selection, onClose }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const [kind, setKind] = useState<LabelKind>('group')
  const [list, setList] = useState<ComboboxItem | null>(null)
  const [newName, setNewName] = useState('')
  const change = useChangeList(({ changed, name }) => {
    showToast({ title: t(`lists.${how}Done`, { count: changed, n: format.number(changed), name }) })
    onClose()
  })
  const create = useCreateList(kind, ({ id }) => change.mutate({ kind, listId: id, how, selection }))
  const error = create.error ?? change.error
  const isNew = how === 'add' && newName.trim() !== ''
  const submit = () => {
    if (isNew) create.mutate(newName.trim())
    else if (list !== null) change.mutate({ kind, listId: list.value, how, selection })
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={t(how === 'add' ? 'contacts.addToList' : 'contacts.removeFromList')}
      closeLabel={t('common.close')}
    >
      <Form onSubmit={submit}>
        <Segmented
          label={t('lists.kind')}
          value={kind}
          options={(['group', 'tag'] as const).map((one) => ({ value: one, label: t(`lists.${one}.one`) }))}
          onChange={(next) => {
            setKind(next)
            setList(null)
          }}
        />
        <Existing kind={kind} list={list} onChange={setList} />
        {how === 'add' && (
          <TextField
            label={t(`lists.${kind}.orNew`)}
            value={newName}
            maxLength={100}
            autoComplete="off"
            onChange={(event) => setNewName(event.target.value)}
          />
        )}
        {error !== null && <ErrorNotice error={error} onRetry={submit} />}
        <Button type="submit" busy={create.isPending || change.isPending} disabled={!isNew && list === null}>
          {t(how === 'add' ? 'lists.add' : 'lists.remove')}
        </Button>
      </Form>
    </Dialog>
  )
}

type ExistingProps = { kind: LabelKind; list: ComboboxItem | null; onChange: (list: ComboboxItem | null) => void }

function Existing({ kind, list, onChange }: ExistingProps) {
  const { t } = useTranslation()
  const { data: lists = [] } = useQuery(listsQuery(kind))
  return (
    <Combobox
      key={kind}
      label={t(`lists.${kind}.one`)}
      placeholder={t(`lists.${kind}.choose`)}
      items={lists.map(({ id, name }) => ({ value: id, label: name }))}
      emptyText={t(`lists.${kind}.none`)}
      clearLabel={t('lists.clear')}
      value={list}
      onChange={onChange}
    />
  )
}
