import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import type { Contact } from '#contract/contacts.ts'
import { ApiError } from '../../../lib/ApiError.ts'
import { CountryField } from '../../../lib/CountryField.tsx'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { PhoneField } from '../../../lib/phones/PhoneField.tsx'
import { useStoredDraft } from '../../../lib/useStoredDraft.ts'
import { Button } from '../../../ui/Button.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { Form } from '../../../ui/Form.tsx'
import { useCreateContact } from '../api/contact.ts'
import { ListChoice } from './ListChoice.tsx'

const draftSchema = z.object({
  phone: z.string(),
  name: z.string(),
  defaultCountry: z.string().length(2),
  groupIds: z.array(z.string()),
  tagIds: z.array(z.string()),
})
const EMPTY = { phone: '', name: '', defaultCountry: 'BR', groupIds: [], tagIds: [] }

type Props = { userId: string; onClose: () => void; onOpen: (contactId: number) => void }

/** One person by hand: a number that says at once what is wrong with it, and where they belong. */
export function NewContactDialog({ userId, onClose, onOpen }: Props) {
  const { t } = useTranslation()
  const { draft, change, discard } = useStoredDraft(`newContact.${userId}`, draftSchema, EMPTY)
  const [isMissing, setIsMissing] = useState(false)
  const create = useCreateContact((contact) => {
    discard()
    onOpen(contact.id)
  })
  const submit = () => {
    const phone = draft.phone.trim()
    setIsMissing(phone === '')
    if (phone !== '') create.mutate({ ...draft, phone, name: draft.name.trim() })
  }
  return (
    <Dialog open onClose={onClose} title={t('contacts.newTitle')} closeLabel={t('common.close')}>
      <Form onSubmit={submit}>
        <PhoneField
          label={t('contacts.phone')}
          value={draft.phone}
          defaultCountry={draft.defaultCountry}
          error={isMissing && draft.phone.trim() === '' ? t('fields.required') : undefined}
          onChange={(phone) => change({ ...draft, phone })}
        />
        <CountryField
          label={t('imports.country')}
          value={draft.defaultCountry}
          onChange={(defaultCountry) => change({ ...draft, defaultCountry })}
        />
        <TextField
          label={t('contacts.name')}
          value={draft.name}
          maxLength={500}
          autoComplete="off"
          onChange={(event) => change({ ...draft, name: event.target.value })}
        />
        <ListChoice kind="group" chosen={draft.groupIds} onChange={(groupIds) => change({ ...draft, groupIds })} />
        <ListChoice kind="tag" chosen={draft.tagIds} onChange={(tagIds) => change({ ...draft, tagIds })} />
        {create.error !== null && (
          <ErrorNotice
            error={create.error}
            onRetry={submit}
            action={<Existing error={create.error} onOpen={onOpen} />}
          />
        )}
        <Button type="submit" busy={create.isPending}>
          {t('contacts.create')}
        </Button>
      </Form>
    </Dialog>
  )
}

const existing = z.array(z.object({ contactId: z.number() })).min(1)

/** The way to the person who has this number already. */
function Existing({ error, onOpen }: { error: Error; onOpen: (contactId: Contact['id']) => void }) {
  const { t } = useTranslation()
  if (!(error instanceof ApiError) || error.code !== 'CONTACT_EXISTS') return null
  const [found] = existing.safeParse(error.details).data ?? []
  if (found === undefined) return null
  return (
    <Button look="secondary" size="small" onClick={() => onOpen(found.contactId)}>
      {t('contacts.openExisting')}
    </Button>
  )
}
