import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Contact } from '#contract/contacts.ts'
import { ConfirmCall } from '../../../lib/ConfirmCall.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { SelectField } from '../../../ui/fields.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { refreshSummary } from '../api/contactSummary.ts'
import { suppressPhones } from '../api/suppressContacts.ts'

const REASONS = ['opted_out', 'complained', 'manual'] as const
type Reason = (typeof REASONS)[number]

/** Asks why, then keeps every message from these people. They stay in the contacts. */
export function SuppressDialog({ contacts, onClose }: { contacts: Contact[]; onClose: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const client = useQueryClient()
  const [reason, setReason] = useState<Reason>('opted_out')
  const suppress = useMutation({
    mutationFn: () =>
      suppressPhones(
        contacts.map(({ phone }) => phone),
        reason,
      ),
    onSuccess: ({ added, known }) => {
      showToast({ title: t('contacts.suppressed', { count: added + known, n: format.number(added + known) }) })
      void refreshSummary(client)
      onClose()
    },
  })
  return (
    <ConfirmCall
      title={t('contacts.suppressTitle', { count: contacts.length, n: format.number(contacts.length) })}
      confirmLabel={t('contacts.suppress')}
      call={suppress}
      onConfirm={() => suppress.mutate()}
      onClose={onClose}
    >
      <p>{t('contacts.suppressText')}</p>
      <SelectField
        label={t('suppressions.reason')}
        value={reason}
        onChange={(event) => setReason(event.target.value as Reason)}
      >
        {REASONS.map((one) => (
          <option key={one} value={one}>
            {t(`suppressions.reasons.${one}`)}
          </option>
        ))}
      </SelectField>
    </ConfirmCall>
  )
}
