import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Me } from '#contract/auth.ts'
import { meQuery } from '../features/auth/api/getMe.ts'
import { SignInForm } from '../features/auth/components/SignInForm.tsx'
import { setSessionLost } from '../lib/sessionLoss.ts'
import { Dialog } from '../ui/Dialog.tsx'

/** Asks for the password on top of the page, which keeps everything that was typed in it. */
export default function SessionExpiredDialog() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const before = client.getQueryData(meQuery.queryKey)
  const close = () => setSessionLost(false)
  const signedIn = (me: Me) => {
    // Somebody else at the same desk must not see what the one before had loaded.
    if (before != null && me.id !== before.id) return window.location.assign('/')
    client.setQueryData(meQuery.queryKey, me)
    close()
    void client.invalidateQueries()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={t('session.title')}
      closeLabel={t('common.close')}
      description={t('session.text')}
    >
      <SignInForm email={before?.email ?? ''} onSignedIn={signedIn} />
    </Dialog>
  )
}
