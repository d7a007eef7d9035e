import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import type { AddedSuppressions } from '#contract/suppressions.ts'
import { CountryField } from '../../../lib/CountryField.tsx'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { PhoneField } from '../../../lib/phones/PhoneField.tsx'
import { useStoredDraft } from '../../../lib/useStoredDraft.ts'
import { Button } from '../../../ui/Button.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { Form } from '../../../ui/Form.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { useAddSuppressions } from '../api/suppressions.ts'
import { GIVEN_REASONS, ReasonField } from './ReasonField.tsx'

const MAX_NOTE = 500

const schema = z.object({
  phone: z.string(),
  reason: z.enum(GIVEN_REASONS),
  note: z.string(),
  defaultCountry: z.string().length(2),
})
type Draft = z.infer<typeof schema>
const EMPTY: Draft = { phone: '', reason: 'opted_out', note: '', defaultCountry: 'BR' }

/** One number that nothing is to be sent to any more. */
export function AddSuppressionDialog({ userId, onClose }: { userId: string; onClose: () => void }) {
  const { t } = useTranslation()
  const { draft, change, discard } = useStoredDraft(`suppression.${userId}`, schema, EMPTY)
  const [problem, setProblem] = useState<string | undefined>()
  const add = useAddSuppressions((added) => {
    const refused = refusalOf(added)
    if (refused !== null) return setProblem(t(`phones.reasons.${refused}`))
    discard()
    showToast({ title: t(added.added > 0 ? 'suppressions.added' : 'suppressions.knownAlready') })
    onClose()
  })
  const submit = () => {
    const phone = draft.phone.trim()
    if (phone === '') return setProblem(t('fields.required'))
    setProblem(undefined)
    const note = draft.note.trim()
    add.mutate({ phones: [phone], reason: draft.reason, defaultCountry: draft.defaultCountry, ...(note && { note }) })
  }
  return (
    <Dialog open onClose={onClose} title={t('suppressions.add')} closeLabel={t('common.close')}>
      <Form onSubmit={submit}>
        <PhoneField
          label={t('contacts.phone')}
          value={draft.phone}
          defaultCountry={draft.defaultCountry}
          error={problem}
          onChange={(phone) => {
            setProblem(undefined)
            change({ ...draft, phone })
          }}
        />
        <CountryField
          label={t('imports.country')}
          value={draft.defaultCountry}
          onChange={(defaultCountry) => change({ ...draft, defaultCountry })}
        />
        <ReasonField value={draft.reason} onChange={(reason) => change({ ...draft, reason })} />
        <TextField
          label={t('suppressions.note')}
          hint={t('suppressions.noteHint')}
          value={draft.note}
          maxLength={MAX_NOTE}
          autoComplete="off"
          onChange={(event) => change({ ...draft, note: event.target.value })}
        />
        {add.error !== null && <ErrorNotice error={add.error} onRetry={submit} />}
        <Button type="submit" busy={add.isPending}>
          {t('suppressions.add')}
        </Button>
      </Form>
    </Dialog>
  )
}

function refusalOf({ refused }: AddedSuppressions) {
  return refused[0]?.reason ?? null
}
