import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactList, LabelKind } from '#contract/contactLists.ts'
import { ConfirmCall } from '../../../lib/ConfirmCall.tsx'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Card, PageHeader } from '../../../ui/Card.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { Form } from '../../../ui/Form.tsx'
import { Menu } from '../../../ui/Menu.tsx'
import { SkeletonList } from '../../../ui/Skeleton.tsx'
import { listsQuery, useCreateList, useDeleteList, useRenameList } from '../api/contactLists.ts'

const MAX_NAME = 100

type Props = {
  /** Opens the contacts in it. */
  contactsLink: (kind: LabelKind, list: ContactList) => ReactNode
}

/** Groups and tags with how many are in each. */
export function ListsPage({ contactsLink }: Props) {
  const { t } = useTranslation()
  return (
    <>
      <PageHeader title={t('lists.title')} lead={t('lists.lead')} />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Lists kind="group" contactsLink={contactsLink} />
        <Lists kind="tag" contactsLink={contactsLink} />
      </div>
    </>
  )
}

function Lists({ kind, contactsLink }: Props & { kind: LabelKind }) {
  const { t } = useTranslation()
  const lists = useQuery(listsQuery(kind))
  const id = `lists-${kind}`
  return (
    <Card aria-labelledby={id} className="flex flex-col gap-4">
      <div>
        <h2 id={id} className="text-xl font-bold">
          {t(`lists.${kind}.many`)}
        </h2>
        <p className="text-sm text-ink-soft">{t(`lists.${kind}.lead`)}</p>
      </div>
      <NewList kind={kind} />
      {lists.isPending && <SkeletonList label={t('common.loading')} rows={3} />}
      {lists.error !== null && <ErrorNotice error={lists.error} onRetry={() => void lists.refetch()} />}
      {lists.data?.length === 0 && <p className="text-ink-soft">{t(`lists.${kind}.none`)}</p>}
      <ul className="flex flex-col divide-y divide-line">
        {lists.data?.map((list) => (
          <Line key={list.id} kind={kind} list={list} link={contactsLink(kind, list)} />
        ))}
      </ul>
    </Card>
  )
}

function NewList({ kind }: { kind: LabelKind }) {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const create = useCreateList(kind, () => setName(''))
  const submit = () => {
    if (name.trim() !== '') create.mutate(name.trim())
  }
  return (
    <Form className="gap-3" onSubmit={submit}>
      <div className="flex items-end gap-3">
        <TextField
          label={t(`lists.${kind}.new`)}
          value={name}
          maxLength={MAX_NAME}
          autoComplete="off"
          className="min-w-0 flex-1"
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" look="secondary" busy={create.isPending} disabled={name.trim() === ''}>
          {t('lists.create')}
        </Button>
      </div>
      {create.error !== null && <ErrorNotice error={create.error} onRetry={submit} />}
    </Form>
  )
}

function Line({ kind, list, link }: { kind: LabelKind; list: ContactList; link: ReactNode }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [open, setOpen] = useState<'rename' | 'delete' | null>(null)
  const close = () => setOpen(null)
  return (
    <li className="relative flex items-center justify-between gap-3 py-2">
      <div className="min-w-0">
        {link}
        <p className="tabular text-sm text-ink-soft">
          {t('lists.people', { count: list.contacts, n: format.number(list.contacts) })}
        </p>
      </div>
      <Menu
        label={t('lists.more', { name: list.name })}
        items={[
          { label: t('lists.rename'), icon: 'edit', onSelect: () => setOpen('rename') },
          { label: t('common.delete'), icon: 'trash', tone: 'bad', separated: true, onSelect: () => setOpen('delete') },
        ]}
      />
      {open === 'rename' && <RenameDialog kind={kind} list={list} onClose={close} />}
      {open === 'delete' && <DeleteDialog kind={kind} list={list} onClose={close} />}
    </li>
  )
}

type DialogProps = { kind: LabelKind; list: ContactList; onClose: () => void }

function RenameDialog({ kind, list, onClose }: DialogProps) {
  const { t } = useTranslation()
  const [name, setName] = useState(list.name)
  const rename = useRenameList(kind, list.id, onClose)
  const submit = () => rename.mutate(name.trim())
  return (
    <Dialog open onClose={onClose} title={t('lists.renameTitle', { name: list.name })} closeLabel={t('common.close')}>
      <Form
        onSubmit={() => {
          if (name.trim() !== '') submit()
        }}
      >
        <TextField
          label={t('lists.name')}
          value={name}
          maxLength={MAX_NAME}
          autoComplete="off"
          error={name.trim() === '' ? t('fields.required') : undefined}
          onChange={(event) => setName(event.target.value)}
        />
        {rename.error !== null && <ErrorNotice error={rename.error} onRetry={submit} />}
        <Button type="submit" busy={rename.isPending}>
          {t('common.save')}
        </Button>
      </Form>
    </Dialog>
  )
}

function DeleteDialog({ kind, list, onClose }: DialogProps) {
  const { t } = useTranslation()
  const remove = useDeleteList(kind, list.id, onClose)
  return (
    <ConfirmCall
      title={t('lists.deleteTitle', { name: list.name })}
      confirmLabel={t('common.delete')}
      call={remove}
      offersRetry
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{t('lists.deleteText')}</p>
    </ConfirmCall>
  )
}
