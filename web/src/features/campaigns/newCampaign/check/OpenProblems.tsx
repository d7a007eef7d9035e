import { useTranslation } from 'react-i18next'
import { Button } from '../../../../ui/Button.tsx'
import { PLAN_STEPS, type PlanStep } from '../plan/campaignPlan.ts'
import { usePlan } from '../PlanContext.tsx'
import { Section } from '../Section.tsx'

/** What is still missing, step by step, each one press away. */
export function OpenProblems({ onGoTo }: { onGoTo: (step: PlanStep) => void }) {
  const { t } = useTranslation()
  const { problems } = usePlan()
  const steps = PLAN_STEPS.filter((step) => problems.some((problem) => problem.step === step))
  return (
    <Section title={t('newCampaign.openTitle')} lead={t('newCampaign.openLead')}>
      <ul className="flex flex-col gap-3">
        {steps.map((step) => (
          <li key={step} className="flex flex-wrap items-center justify-between gap-3 rounded-control bg-warn-soft p-4">
            <div className="min-w-0 text-warn-text">
              <p className="font-semibold">{t(`newCampaign.steps.${step}`)}</p>
              <ul className="text-sm">
                {problems
                  .filter((problem) => problem.step === step)
                  .map(({ field, name, count = 0 }) => (
                    <li key={field}>{t(`newCampaign.problems.${name}`, { count })}</li>
                  ))}
              </ul>
            </div>
            <Button look="secondary" size="small" onClick={() => onGoTo(step)}>
              {t('newCampaign.goMend', { step: t(`newCampaign.steps.${step}`) })}
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  )
}
