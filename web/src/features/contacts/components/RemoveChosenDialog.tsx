import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Contact } from '#contract/contacts.ts'
import { ConfirmCall } from '../../../lib/ConfirmCall.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { ProgressBar } from '../../../ui/bars.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { refreshLists } from '../api/contactLists.ts'
import { rewriteContacts } from '../api/contactPages.ts'
import { refreshSummary } from '../api/contactSummary.ts'
import { removeContacts } from '../removeContacts.ts'

type Props = { contacts: Contact[]; onClose: () => void; onRemoved?: () => void }

/** Takes people out of the contacts after asking. What was sent to them stays in the books. */
export function RemoveChosenDialog({ contacts, onClose, onRemoved }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const client = useQueryClient()
  // Those who are gone leave the table, and with it what was handed in.
  const [chosen] = useState(contacts)
  const [done, setDone] = useState(0)
  const remove = useMutation({
    mutationFn: async () => {
      const removal = await removeContacts(
        chosen.map(({ id }) => id),
        setDone,
      )
      const gone = new Set(removal.done)
      if (removal.failure === null) onClose()
      rewriteContacts(client, (row) => (gone.has(row.id) ? null : row))
      void refreshLists(client)
      void refreshSummary(client)
      if (removal.failure !== null) throw removal.failure.error
      return gone.size
    },
    onSuccess: (count) => {
      showToast({ title: t('contacts.deleted', { count, n: format.number(count) }) })
      onRemoved?.()
    },
  })
  return (
    <ConfirmCall
      title={t('contacts.deleteTitle', { count: chosen.length, n: format.number(chosen.length) })}
      confirmLabel={t('common.delete')}
      call={remove}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{t('contacts.deleteText')}</p>
      {remove.isPending && chosen.length > 1 && (
        <ProgressBar share={done / chosen.length} label={t('contacts.deleting')} />
      )}
    </ConfirmCall>
  )
}
