import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactList } from '#contract/contactLists.ts'
import type { ContactImport } from '#contract/imports.ts'
import { useFormat } from '../../../../lib/useFormat.ts'
import { contactListsQuery } from '../../api/audienceSources.ts'
import { usePlan } from '../PlanContext.tsx'
import { SourceField, type Source } from './SourceField.tsx'

type Props = { imports: readonly ContactImport[]; importLink: ReactNode }

/** Imported files, groups and tags. What there is none of is not asked for. */
export function ListSources({ imports, importLink }: Props) {
  const { t } = useTranslation()
  const { plan, change } = usePlan()
  const groups = useLists('group')
  const tags = useLists('tag')
  const files = useFiles(imports)
  return (
    <div className="flex flex-col gap-5">
      {files.length > 0 && (
        <SourceField
          label={t('newCampaign.imports')}
          sources={files}
          chosen={plan.importIds}
          onChange={(importIds) => change({ importIds })}
        />
      )}
      {groups.length > 0 && (
        <SourceField
          label={t('newCampaign.groups')}
          sources={groups}
          chosen={plan.groupIds}
          onChange={(groupIds) => change({ groupIds })}
        />
      )}
      {tags.length > 0 && (
        <SourceField
          label={t('newCampaign.tags')}
          sources={tags}
          chosen={plan.tagIds}
          onChange={(tagIds) => change({ tagIds })}
        />
      )}
      <div className="flex flex-wrap items-center gap-x-4 text-sm text-ink-soft">
        {files.length === 0 && <span>{t('newCampaign.noImports')}</span>}
        {importLink}
      </div>
    </div>
  )
}

function useFiles(imports: readonly ContactImport[]): Source[] {
  const { t } = useTranslation()
  const format = useFormat()
  return imports.map(({ id, fileName, accepted, createdAt }) => ({
    value: id,
    label: fileName,
    hint: `${t('newCampaign.importPeople', { count: accepted, n: format.number(accepted) })} · ${format.instant(createdAt)}`,
  }))
}

function useLists(kind: 'group' | 'tag'): Source[] {
  const { t } = useTranslation()
  const format = useFormat()
  const { data } = useQuery(contactListsQuery(kind))
  const toSource = ({ id, name, contacts }: ContactList) => ({
    value: id,
    label: name,
    hint: t('newCampaign.importPeople', { count: contacts, n: format.number(contacts) }),
  })
  return (data ?? []).map(toSource)
}
