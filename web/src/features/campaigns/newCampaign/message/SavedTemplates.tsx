import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { SavedTemplate } from '#contract/templates.ts'
import { Combobox } from '../../../../ui/Combobox.tsx'
import { ConfirmDialog } from '../../../../ui/Dialog.tsx'
import { savedTemplatesQuery } from '../../api/audienceSources.ts'
import { fromMessage } from '../plan/fromMessage.ts'
import { usePlan } from '../PlanContext.tsx'

/** Saved messages to begin with. What is written already goes only when somebody says so. */
export function SavedTemplates({ link }: { link: ReactNode }) {
  const { t } = useTranslation()
  const { plan, change } = usePlan()
  const { data: templates = [] } = useQuery(savedTemplatesQuery)
  const [asked, setAsked] = useState<SavedTemplate | null>(null)
  if (templates.length === 0) return null
  const begin = (template: SavedTemplate) => {
    change({ messages: template.messages.map(fromMessage) })
    setAsked(null)
  }
  const choose = (id: string | undefined) => {
    const template = templates.find((known) => known.id === id)
    if (template === undefined) return
    const isBlank = plan.messages.every(({ content, mediaId }) => content.trim() === '' && mediaId === null)
    if (isBlank) begin(template)
    else setAsked(template)
  }
  return (
    <div className="flex flex-wrap items-end gap-3">
      <Combobox
        label={t('newCampaign.fromTemplate')}
        placeholder={t('newCampaign.findTemplate')}
        items={templates.map(({ id, name }) => ({ value: id, label: name }))}
        value={null}
        emptyText={t('newCampaign.noneFound')}
        clearLabel={t('newCampaign.clearList')}
        className="w-full max-w-md"
        onChange={(item) => choose(item?.value)}
      />
      {link}
      <ConfirmDialog
        open={asked !== null}
        title={t('newCampaign.replaceTitle')}
        confirmLabel={t('newCampaign.replaceConfirm')}
        cancelLabel={t('common.back')}
        onConfirm={() => asked !== null && begin(asked)}
        onCancel={() => setAsked(null)}
      >
        <p>{t('newCampaign.replaceText', { name: asked?.name ?? '' })}</p>
      </ConfirmDialog>
    </div>
  )
}
