import { isValidElement, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AdminUser, ChangeUserBody } from '#contract/auth.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { ConfirmDialog } from '../../../ui/Dialog.tsx'
import { Menu, type MenuItem } from '../../../ui/Menu.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { useChangeUser, useDeleteUser } from '../api/users.ts'
import { ResetPasswordDialog } from './ResetPasswordDialog.tsx'

/** What is asked about before it is done. Enabling somebody again needs no question. */
const QUESTIONS = ['makeAdmin', 'makeUser', 'disable', 'factorOff', 'delete'] as const
type Question = (typeof QUESTIONS)[number]

const CHANGES: Record<Exclude<Question, 'delete'>, ChangeUserBody> = {
  makeAdmin: { role: 'admin' },
  makeUser: { role: 'user' },
  disable: { disabled: true },
  factorOff: { secondFactor: false },
}

type Props = { user: AdminUser; isMe: boolean; trailLink: ReactNode }

/** What an administrator can do with an account. The own password and second factor are changed in the settings. */
export function UserMenu({ user, isMe, trailLink }: Props) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState<Question | 'password' | null>(null)
  const done = () => {
    setAsked(null)
    showToast({ title: t('adminUsers.done', { name: user.name }) })
  }
  const change = useChangeUser(user.id, done)
  const remove = useDeleteUser(done)
  const close = () => {
    change.reset()
    remove.reset()
    setAsked(null)
  }
  const question = QUESTIONS.find((known) => known === asked)
  const failed = change.error ?? remove.error
  const items = itemsFor(user, isMe).map((item): MenuItem => {
    const label = t(`adminUsers.act.${item}`)
    if (item === 'enable') return { label, onSelect: () => change.mutate({ disabled: false }) }
    const isLast = item === 'delete'
    return { label, separated: isLast, tone: isLast ? 'bad' : 'normal', onSelect: () => setAsked(item) }
  })
  return (
    <>
      <Menu
        label={t('adminUsers.menuNamed', { name: user.name })}
        busy={change.isPending || remove.isPending}
        items={[
          ...(isValidElement(trailLink)
            ? [{ label: t('adminUsers.trail'), icon: 'audit' as const, link: trailLink }]
            : []),
          ...items,
        ]}
      />
      {asked === 'password' && <ResetPasswordDialog user={user} change={change} onClose={close} />}
      <ConfirmDialog
        open={question !== undefined}
        title={question === undefined ? '' : t(`adminUsers.ask.${question}.title`, { name: user.name })}
        confirmLabel={question === undefined ? '' : t(`adminUsers.act.${question}`)}
        cancelLabel={t('common.back')}
        busy={change.isPending || remove.isPending}
        onCancel={close}
        onConfirm={() => {
          if (question === 'delete') remove.mutate(user.id)
          else if (question !== undefined) change.mutate(CHANGES[question])
        }}
      >
        <p>{question === undefined ? '' : t(`adminUsers.ask.${question}.text`)}</p>
        {question !== undefined && failed !== null && <ErrorNotice error={failed} />}
      </ConfirmDialog>
    </>
  )
}

type Act = Question | 'password' | 'enable'

function itemsFor(user: AdminUser, isMe: boolean): Act[] {
  const role: Act = user.role === 'admin' ? 'makeUser' : 'makeAdmin'
  if (isMe) return [role]
  return [
    role,
    'password',
    ...(user.secondFactor ? (['factorOff'] as const) : []),
    user.disabledAt === null ? 'disable' : 'enable',
    'delete',
  ]
}
