import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { formatPhone } from '../../../lib/formatPhone.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { SelectField } from '../../../ui/fields.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { ScrollArea } from '../../../ui/ScrollArea.tsx'
import { addressBookQuery, phoneChannelsQuery, useTakeAddressBook } from '../api/addressBook.ts'

/** Takes those who are in the phone of a channel over into the contacts, after showing who they are. */
export function AddressBookDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const channels = useQuery(phoneChannelsQuery)
  const [named, setNamed] = useState<string | null>(null)
  const channelId = named ?? channels.data?.[0]?.id ?? null
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('contacts.fromChannel')}
      closeLabel={t('common.close')}
      description={t('contacts.fromChannelText')}
    >
      {channels.isPending && <Loading label={t('common.loading')} />}
      {channels.error !== null && <ErrorNotice error={channels.error} onRetry={() => void channels.refetch()} />}
      {channels.isSuccess && channelId === null && <Notice>{t('contacts.noPhoneChannel')}</Notice>}
      {channelId !== null && (
        <>
          <SelectField
            label={t('contacts.channel')}
            value={channelId}
            onChange={(event) => setNamed(event.target.value)}
          >
            {channels.data?.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </SelectField>
          <Book key={channelId} channelId={channelId} />
        </>
      )}
    </Dialog>
  )
}

function Book({ channelId }: { channelId: string }) {
  const { t } = useTranslation()
  const format = useFormat()
  const book = useQuery(addressBookQuery(channelId))
  const take = useTakeAddressBook()
  const said = (count: number) => ({ count, n: format.number(count) })
  if (take.isSuccess) {
    const { created, known, refused } = take.data
    return (
      <Notice tone="good" title={t('contacts.taken', said(created))}>
        {t('contacts.takenKnown', said(known))} {t('contacts.takenRefused', said(refused))}
      </Notice>
    )
  }
  return (
    <>
      {book.isPending && <Loading label={t('contacts.readingPhone')} />}
      {book.error !== null && <ErrorNotice error={book.error} onRetry={() => void book.refetch()} />}
      {book.isSuccess && book.data.items.length === 0 && <Notice>{t('contacts.phoneEmpty')}</Notice>}
      {book.isSuccess && book.data.items.length > 0 && (
        <>
          <ScrollArea
            as="ul"
            label={t('contacts.inPhone')}
            className="max-h-64 divide-y divide-line rounded-control border border-line"
          >
            {book.data.items.map(({ phone, name }) => (
              <li key={phone} className="flex justify-between gap-3 px-3 py-2 text-sm">
                <span dir="auto" className="min-w-0 truncate font-medium">
                  {name || '—'}
                </span>
                <span className="tabular shrink-0 text-ink-soft">{formatPhone(phone)}</span>
              </li>
            ))}
          </ScrollArea>
          {book.data.nextCursor !== null && <p className="text-sm text-ink-soft">{t('contacts.andMore')}</p>}
          {take.error !== null && <ErrorNotice error={take.error} onRetry={() => take.mutate(channelId)} />}
          <Button busy={take.isPending} onClick={() => take.mutate(channelId)}>
            {t('contacts.takeAll')}
          </Button>
        </>
      )}
    </>
  )
}
