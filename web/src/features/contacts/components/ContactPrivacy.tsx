import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Contact } from '#contract/contacts.ts'
import { ConfirmCall } from '../../../lib/ConfirmCall.tsx'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { saveJson } from '../../../lib/saveFile.ts'
import { Button } from '../../../ui/Button.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { exportContact, useEraseContact } from '../api/contact.ts'
import { RemoveChosenDialog } from './RemoveChosenDialog.tsx'
import { SuppressDialog } from './SuppressDialog.tsx'

type Act = 'suppress' | 'delete' | 'erase'
type Props = { contact: Contact; onGone: () => void }

/** What a person may ask for: to see it all, to get nothing more, to be forgotten. */
export function ContactPrivacy({ contact, onGone }: Props) {
  const { t } = useTranslation()
  const [act, setAct] = useState<Act | null>(null)
  const close = () => setAct(null)
  const save = useMutation({
    mutationFn: () => exportContact(contact.id),
    onSuccess: (person) => saveJson(`${t('contacts.exportFile')}-${contact.id}.json`, person),
  })
  return (
    <div className="flex flex-col divide-y divide-line [&>section]:py-4 [&>section:first-child]:pt-0">
      <Offer title={t('contacts.exportTitle')} text={t('contacts.exportText')}>
        <Button look="secondary" size="small" icon="download" busy={save.isPending} onClick={() => save.mutate()}>
          {t('contacts.export')}
        </Button>
        {save.error !== null && <ErrorNotice error={save.error} onRetry={() => save.mutate()} />}
      </Offer>
      <Offer title={t('contacts.suppress')} text={t('contacts.suppressText')}>
        <Button look="secondary" size="small" onClick={() => setAct('suppress')}>
          {t('contacts.suppress')}
        </Button>
      </Offer>
      <Offer title={t('contacts.deleteOne')} text={t('contacts.deleteText')}>
        <Button look="secondary" size="small" icon="trash" onClick={() => setAct('delete')}>
          {t('contacts.deleteOne')}
        </Button>
      </Offer>
      <Offer title={t('contacts.erase')} text={t('contacts.eraseText')}>
        <Button look="danger" size="small" onClick={() => setAct('erase')}>
          {t('contacts.erase')}
        </Button>
      </Offer>
      {act === 'suppress' && <SuppressDialog contacts={[contact]} onClose={close} />}
      {act === 'delete' && <RemoveChosenDialog contacts={[contact]} onClose={close} onRemoved={onGone} />}
      {act === 'erase' && <EraseDialog contact={contact} onClose={close} onErased={onGone} />}
    </div>
  )
}

function Offer({ title, text, children }: { title: string; text: string; children: React.ReactNode }) {
  return (
    <section className="flex flex-col items-start gap-2">
      <h3 className="font-semibold">{title}</h3>
      <p className="text-sm text-ink-soft">{text}</p>
      {children}
    </section>
  )
}

function EraseDialog({ contact, onClose, onErased }: { contact: Contact; onClose: () => void; onErased: () => void }) {
  const { t } = useTranslation()
  const erase = useEraseContact(contact.id, () => {
    showToast({ title: t('contacts.erased') })
    onErased()
  })
  return (
    <ConfirmCall
      title={t('contacts.eraseTitle')}
      confirmLabel={t('contacts.eraseConfirm')}
      call={erase}
      offersRetry
      onConfirm={() => erase.mutate()}
      onClose={onClose}
    >
      <p>{t('contacts.eraseText')}</p>
      <p className="font-semibold text-ink">{t('contacts.eraseFinal')}</p>
    </ConfirmCall>
  )
}
