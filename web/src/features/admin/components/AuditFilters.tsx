import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { ACCOUNT_ACTIONS, CAMPAIGN_ACTIONS } from '#contract/audit.ts'
import { Button } from '../../../ui/Button.tsx'
import { SelectField, TextField } from '../../../ui/fields.tsx'
import { usersQuery } from '../api/users.ts'
import { AUDIT_ACTIONS } from '../auditActions.ts'
import type { AuditSearch } from '../auditSearch.ts'
import { useActionName } from './useActionName.ts'

type Props = { search: AuditSearch; onSearch: (search: AuditSearch) => void }

/** What, who, and between which days. */
export function AuditFilters({ search, onSearch }: Props) {
  const { t } = useTranslation()
  const actionName = useActionName()
  const set = (change: AuditSearch) => onSearch({ ...search, ...change })
  const isFiltered = Object.values(search).some((value) => value !== undefined)
  const group = (actions: readonly (typeof AUDIT_ACTIONS)[number][]) =>
    actions
      .map((action) => ({ action, name: actionName(action) }))
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(({ action, name }) => (
        <option key={action} value={action}>
          {name}
        </option>
      ))
  return (
    <div className="mb-5 flex flex-col gap-3">
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
        <SelectField
          label={t('adminAudit.what')}
          value={search.action ?? ''}
          onChange={(event) => set({ action: event.target.value || undefined })}
        >
          <option value="">{t('adminAudit.allActions')}</option>
          <optgroup label={t('adminAudit.ofCampaigns')}>{group(CAMPAIGN_ACTIONS)}</optgroup>
          <optgroup label={t('adminAudit.ofAccounts')}>{group(ACCOUNT_ACTIONS)}</optgroup>
        </SelectField>
        <UserFilter value={search.user} onChange={(user) => set({ user })} />
        <TextField
          label={t('adminAudit.from')}
          type="date"
          max={search.to}
          value={search.from ?? ''}
          onChange={(event) => set({ from: event.target.value || undefined })}
        />
        <TextField
          label={t('adminAudit.to')}
          type="date"
          min={search.from}
          value={search.to ?? ''}
          onChange={(event) => set({ to: event.target.value || undefined })}
        />
      </div>
      {isFiltered && (
        <div className="flex flex-wrap items-center gap-3">
          {search.campaign !== undefined && (
            <span className="text-sm text-ink-soft">{t('adminAudit.oneCampaign', { id: search.campaign })}</span>
          )}
          <Button look="quiet" size="small" icon="close" onClick={() => onSearch({})}>
            {t('adminAudit.showAll')}
          </Button>
        </div>
      )}
    </div>
  )
}

type UserProps = { value: string | undefined; onChange: (user: string | undefined) => void }

function UserFilter({ value, onChange }: UserProps) {
  const { t } = useTranslation()
  const users = useInfiniteQuery(usersQuery)
  const known = users.data?.pages.flatMap((page) => page.items) ?? []
  // An address may name somebody who is not among those loaded, or who is gone.
  const isMissing = value !== undefined && !known.some(({ id }) => id === value)
  return (
    <SelectField
      label={t('adminAudit.who')}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">{t('adminAudit.everybody')}</option>
      {isMissing && <option value={value}>{value}</option>}
      {known.map((user) => (
        <option key={user.id} value={user.id}>
          {user.name}
        </option>
      ))}
    </SelectField>
  )
}
