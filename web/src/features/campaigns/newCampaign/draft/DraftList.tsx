import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CampaignDraftSummary } from '#contract/campaignDrafts.ts'
import { ErrorNotice } from '../../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../../lib/useFormat.ts'
import { Button } from '../../../../ui/Button.tsx'
import { Notice } from '../../../../ui/Notice.tsx'
import { draftsQuery, useDeleteDraft } from '../../api/campaignDrafts.ts'

const SHOWN = 5

type Props = { linkTo: (draft: CampaignDraftSummary, text: string) => ReactNode }

/** What was begun and not sent, to go on with or to throw away. Nothing where there is none. */
export function DraftList({ linkTo }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data: drafts = [] } = useQuery(draftsQuery)
  const remove = useDeleteDraft()
  if (drafts.length === 0) return null
  return (
    <Notice title={t('newCampaign.draftsTitle')}>
      <ul className="flex flex-col">
        {drafts.slice(0, SHOWN).map((draft) => {
          const name = draft.name.trim() === '' ? t('newCampaign.unnamed') : draft.name
          return (
            <li key={draft.id} className="flex flex-wrap items-center justify-between gap-x-4">
              <span className="min-w-0">
                {linkTo(draft, name)} <span>· {format.instant(draft.updatedAt)}</span>
              </span>
              <Button
                look="quiet"
                size="small"
                busy={remove.isPending && remove.variables === draft.id}
                aria-label={t('newCampaign.throwAwayNamed', { name })}
                onClick={() => remove.mutate(draft.id)}
              >
                {t('newCampaign.throwAway')}
              </Button>
            </li>
          )
        })}
      </ul>
      {remove.error !== null && <ErrorNotice error={remove.error} />}
    </Notice>
  )
}
