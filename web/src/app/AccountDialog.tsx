import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { meQuery } from '../features/auth/api/getMe.ts'
import { useSignOut } from '../features/auth/api/signOut.ts'
import { ErrorNotice } from '../lib/ErrorNotice.tsx'
import { Button } from '../ui/Button.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { LanguageChoice, ThemeChoice } from './Preferences.tsx'

/** Who is signed in, in which language and light they read, and the way out. */
export default function AccountDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const { data: me } = useQuery(meQuery)
  const signOut = useSignOut(() => {
    client.clear()
    // A full load: nothing of this account may stay in the memory of the page.
    window.location.assign('/sign-in')
  })
  return (
    <Dialog open onClose={onClose} title={t('account.title')} closeLabel={t('common.close')}>
      <div className="min-w-0">
        <p className="font-semibold">{me?.name}</p>
        <p className="text-sm text-ink-soft">
          {me?.email}
          {me != null && ` · ${t(`account.roles.${me.role}`)}`}
        </p>
      </div>
      <LanguageChoice />
      <ThemeChoice />
      {signOut.error !== null && <ErrorNotice error={signOut.error} onRetry={() => signOut.mutate()} />}
      <Button look="secondary" busy={signOut.isPending} onClick={() => signOut.mutate()}>
        {t('account.signOut')}
      </Button>
    </Dialog>
  )
}
