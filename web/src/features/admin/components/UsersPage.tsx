import { useInfiniteQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AdminUser } from '#contract/auth.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Badge, PageHeader } from '../../../ui/Card.tsx'
import { DataTable, type Column } from '../../../ui/DataTable.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { usersQuery } from '../api/users.ts'
import { NewUserDialog } from './NewUserDialog.tsx'
import { UserMenu } from './UserMenu.tsx'

type Props = {
  myId: string
  /** Leads to what somebody did; the app alone knows the address. */
  trailLink: (user: AdminUser) => ReactNode
}

/** Who may use this installation, and as what. */
export function UsersPage({ myId, trailLink }: Props) {
  const { t } = useTranslation()
  const users = useInfiniteQuery(usersQuery)
  const [making, setMaking] = useState(false)
  const items = users.data?.pages.flatMap((page) => page.items) ?? []
  const columns = useColumns(myId, trailLink)
  return (
    <>
      <PageHeader
        title={t('adminUsers.title')}
        lead={t('adminUsers.lead')}
        actions={
          <Button icon="plus" onClick={() => setMaking(true)}>
            {t('adminUsers.new')}
          </Button>
        }
      />
      {users.error !== null && (
        <ErrorNotice error={users.error} onRetry={() => void users.refetch()} className="mb-4" />
      )}
      {users.isPending && <Loading label={t('common.loading')} />}
      {items.length > 0 && (
        <DataTable
          label={t('adminUsers.title')}
          columns={columns}
          rows={items}
          rowKey={(user) => user.id}
          hasMore={users.hasNextPage}
          busy={users.isFetchingNextPage}
          busyLabel={t('common.loading')}
          onEnd={() => void users.fetchNextPage()}
        />
      )}
      {making && <NewUserDialog onClose={() => setMaking(false)} />}
    </>
  )
}

function useColumns(myId: string, trailLink: Props['trailLink']): Column<AdminUser>[] {
  const { t } = useTranslation()
  const format = useFormat()
  return [
    {
      key: 'name',
      header: t('adminUsers.name'),
      width: 'minmax(0,2.2fr)',
      phone: 'title',
      cell: (user) => (
        <div className="min-w-0">
          <p className="font-semibold break-words">
            <bdi>{user.name}</bdi>
            {user.id === myId && <span className="ml-2 font-normal text-ink-soft">{t('adminUsers.you')}</span>}
          </p>
          <p className="text-sm font-normal break-all text-ink-soft">{user.email}</p>
        </div>
      ),
    },
    {
      key: 'state',
      header: t('adminUsers.state'),
      width: '8rem',
      cell: (user) =>
        user.disabledAt === null ? (
          <Badge tone="good">{t('adminUsers.active')}</Badge>
        ) : (
          <Badge tone="warn">{t('adminUsers.disabled')}</Badge>
        ),
    },
    { key: 'role', header: t('adminUsers.role'), cell: (user) => t(`adminUsers.roles.${user.role}`) },
    {
      key: 'factor',
      header: t('adminUsers.factor'),
      cell: (user) => (user.secondFactor ? t('adminUsers.factorOn') : t('adminUsers.factorOff')),
    },
    { key: 'created', header: t('adminUsers.created'), cell: (user) => format.date(new Date(user.createdAt)) },
    {
      key: 'menu',
      header: t('adminUsers.actions'),
      width: '4.5rem',
      align: 'end',
      phone: 'side',
      cell: (user) => <UserMenu user={user} isMe={user.id === myId} trailLink={trailLink(user)} />,
    },
  ]
}
