import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ApiKey } from '#contract/auth.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Badge } from '../../../ui/Card.tsx'
import { CursorPager } from '../../../ui/CursorPager.tsx'
import { ConfirmDialog } from '../../../ui/Dialog.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { apiKeysQuery, useRevokeApiKey } from '../api/apiKeys.ts'
import { NewApiKeyDialog } from './NewApiKeyDialog.tsx'
import { SettingsSection } from './SettingsSection.tsx'

/** Keys for programs that act as this account. */
export function ApiKeysSection() {
  const { t } = useTranslation()
  const keys = useInfiniteQuery(apiKeysQuery)
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<ApiKey | null>(null)
  const revoke = useRevokeApiKey(() => setRevoking(null))
  const items = keys.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <SettingsSection title={t('settings.keys')} lead={t('settings.keysLead')}>
      {keys.error !== null && <ErrorNotice error={keys.error} onRetry={() => void keys.refetch()} />}
      {keys.isPending && <Loading label={t('common.loading')} />}
      {keys.isSuccess && items.length === 0 && <p className="text-ink-soft">{t('settings.noKeys')}</p>}
      <ul className="flex flex-col divide-y divide-line">
        {items.map((key) => (
          <KeyRow key={key.id} apiKey={key} onRevoke={() => setRevoking(key)} />
        ))}
      </ul>
      <CursorPager
        moreLabel={t('common.more')}
        hasMore={keys.hasNextPage}
        busy={keys.isFetchingNextPage}
        onMore={() => void keys.fetchNextPage()}
      />
      <Button icon="plus" className="self-start" onClick={() => setMaking(true)}>
        {t('settings.newKey')}
      </Button>
      {making && <NewApiKeyDialog onClose={() => setMaking(false)} />}
      <ConfirmDialog
        open={revoking !== null}
        title={t('settings.revokeTitle', { name: revoking?.name ?? '' })}
        confirmLabel={t('settings.revoke')}
        cancelLabel={t('common.back')}
        busy={revoke.isPending}
        onCancel={() => {
          revoke.reset()
          setRevoking(null)
        }}
        onConfirm={() => revoking !== null && revoke.mutate(revoking.id)}
      >
        <p>{t('settings.revokeText')}</p>
        {revoke.error !== null && <ErrorNotice error={revoke.error} />}
      </ConfirmDialog>
    </SettingsSection>
  )
}

function KeyRow({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { name, prefix, createdAt, lastUsedAt, revokedAt } = apiKey
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 font-medium">
          <bdi className="min-w-0 break-words">{name}</bdi>
          <code className="rounded-[0.4rem] bg-sunk px-1.5 py-0.5 text-sm">{prefix}…</code>
        </p>
        <p className="text-sm text-ink-soft">
          {t('settings.madeAt', { at: format.instant(createdAt) })}
          {' · '}
          {lastUsedAt === null ? t('settings.neverUsed') : t('settings.usedAt', { at: format.instant(lastUsedAt) })}
        </p>
      </div>
      {revokedAt === null ? (
        <Button look="secondary" size="small" aria-label={t('settings.revokeNamed', { name })} onClick={onRevoke}>
          {t('settings.revoke')}
        </Button>
      ) : (
        <Badge>{t('settings.revoked')}</Badge>
      )}
    </li>
  )
}
