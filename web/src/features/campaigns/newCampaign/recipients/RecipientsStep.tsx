import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactImport } from '#contract/imports.ts'
import { TextField } from '../../../../ui/fields.tsx'
import { usePlan, useProblemOf } from '../PlanContext.tsx'
import { Section } from '../Section.tsx'
import { AudienceSummary } from './AudienceSummary.tsx'
import { LeaveOut } from './LeaveOut.tsx'
import { ListSources } from './ListSources.tsx'
import { TypedRecipients } from './TypedRecipients.tsx'

type Props = { imports: readonly ContactImport[]; importLink: ReactNode }

/** Who gets the message: people from lists, people typed here, or both; and who of them does not. */
export function RecipientsStep({ imports, importLink }: Props) {
  const { t } = useTranslation()
  const { plan, change } = usePlan()
  const problemOf = useProblemOf()
  return (
    <>
      <Section title={t('newCampaign.nameTitle')}>
        <TextField
          label={t('newCampaign.name')}
          hint={t('newCampaign.nameHint')}
          autoComplete="off"
          maxLength={200}
          value={plan.name}
          error={problemOf('name')}
          onChange={(event) => change({ name: event.target.value })}
        />
      </Section>
      <Section title={t('newCampaign.recipients')} lead={t('newCampaign.recipientsLead')}>
        <ListSources imports={imports} importLink={importLink} />
        <TypedRecipients />
      </Section>
      <LeaveOut />
      <AudienceSummary />
    </>
  )
}
