import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CreatedCampaign } from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import type { ContactImport } from '#contract/imports.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { Button } from '../../../ui/Button.tsx'
import { PageHeader } from '../../../ui/Card.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { Steps } from '../../../ui/Steps.tsx'
import { useCreateCampaign } from '../api/createCampaign.ts'
import { CheckStep, type TrialOf } from './check/CheckStep.tsx'
import { DraftConflict } from './draft/DraftConflict.tsx'
import type { DraftKeeper } from './draft/DraftKeeper.ts'
import { DraftNote } from './draft/DraftNote.tsx'
import { useDraftState, useOpenDraft } from './draft/useDraft.ts'
import { MessageStep } from './message/MessageStep.tsx'
import { PaceStep } from './pace/PaceStep.tsx'
import { PLAN_STEPS, type CampaignPlan, type PlanStep } from './plan/campaignPlan.ts'
import { findProblems } from './plan/findProblems.ts'
import { requestKey, toBody } from './plan/planBody.ts'
import { PlanProvider } from './PlanContext.tsx'
import { RecipientsStep } from './recipients/RecipientsStep.tsx'

export type NewCampaignProps = {
  userId: string
  draftId: string
  /** Nobody has typed under this id yet, so there is nothing to look for. */
  isNew: boolean
  /** What a new one begins with: a file, a group, the only channel. */
  start: Partial<CampaignPlan>
  channels: readonly Channel[]
  /** Finished files with people in them. */
  imports: readonly ContactImport[]
  links: { imports: ReactNode; channels: ReactNode; templates: ReactNode }
  /** Shown above a new one: what else was begun. */
  drafts: ReactNode
  statusOf: (channel: Channel) => ReactNode
  trialOf: TrialOf
  /** The first change: from now on the draft has a name of its own in the address. */
  onTouched: () => void
  onCreated: (created: CreatedCampaign) => void
  onStartAnew: () => void
}

/** A campaign from nothing to started in four steps. What is typed is kept as it is typed. */
export function NewCampaignPage(props: NewCampaignProps) {
  const { t } = useTranslation()
  const { draftId, userId, isNew, start } = props
  const opened = useOpenDraft({ id: draftId, userId, isNew, start })
  if (opened.keeper !== null) return <DraftPage {...props} keeper={opened.keeper} />
  return (
    <>
      <PageHeader title={t('newCampaign.title')} />
      {opened.error === null ? (
        <Loading label={t('common.loading')} />
      ) : (
        <ErrorNotice error={opened.error} onRetry={opened.retry} />
      )}
    </>
  )
}

function DraftPage(props: NewCampaignProps & { keeper: DraftKeeper }) {
  const { keeper, channels, imports, links, drafts, onTouched, onCreated } = props
  const { t } = useTranslation()
  const state = useDraftState(keeper)
  const { plan } = state
  const [isFirst] = useState(state.saving === 'new')
  const all = useMemo(() => findProblems(plan, channels), [plan, channels])
  const { shown, visit } = useVisits(plan.step)
  const beginning = useRef<HTMLParagraphElement>(null)
  const change = (part: Partial<CampaignPlan>) => {
    if (state.saving === 'new') onTouched()
    keeper.change(part)
  }
  const goTo = (step: PlanStep) => {
    visit(plan.step, step)
    change({ step })
    // The keyboard and a reader of the screen start at the step, not at a button that may be gone.
    beginning.current?.focus()
  }
  const [starts, setStarts] = useState(true)
  const create = useCreateCampaign((created) => {
    // The campaign is there; that its draft goes too must not keep anybody.
    void keeper.discard().catch(() => undefined)
    onCreated(created)
  })
  const submit = (start: boolean) => {
    setStarts(start)
    const body = toBody(plan, start)
    if (all.length === 0) create.mutate({ body, key: requestKey(keeper.id, body) })
  }
  useForgetGone(keeper, channels, imports)
  const busy = create.isPending ? (starts ? 'start' : 'prepare') : null
  const value = { draftId: keeper.id, plan, channels, problems: all.filter(({ step }) => shown(step)), change }
  return (
    <PlanProvider value={plan.step === 'check' ? { ...value, problems: all } : value}>
      <PageHeader
        title={plan.name.trim() === '' ? t('newCampaign.title') : plan.name}
        lead={<DraftNote state={state} onRetry={() => keeper.retry()} />}
      />
      <Steps
        label={t('newCampaign.stepsLabel')}
        steps={PLAN_STEPS.map((step) => ({
          value: step,
          label: t(`newCampaign.steps.${step}`),
          state: stateOf(step, all, shown(step)),
        }))}
        current={plan.step}
        onChoose={goTo}
        stateLabels={{ done: t('newCampaign.stepDone'), problem: t('newCampaign.stepProblem') }}
      />
      <p ref={beginning} tabIndex={-1} className="sr-only scroll-mt-24">
        {t('newCampaign.stepOf', {
          n: PLAN_STEPS.indexOf(plan.step) + 1,
          of: PLAN_STEPS.length,
          step: t(`newCampaign.steps.${plan.step}`),
        })}
      </p>
      <form noValidate className="mt-6 flex flex-col gap-4" onSubmit={(event) => event.preventDefault()}>
        {isFirst && plan.step === 'recipients' && drafts}
        {plan.step === 'recipients' && <RecipientsStep imports={imports} importLink={links.imports} />}
        {plan.step === 'message' && <MessageStep imports={imports} templatesLink={links.templates} />}
        {plan.step === 'pace' && <PaceStep channelLink={links.channels} statusOf={props.statusOf} />}
        {plan.step === 'check' && (
          <CheckStep trialOf={props.trialOf} busy={busy} error={create.error} onGoTo={goTo} onSubmit={submit} />
        )}
        <BackAndNext step={plan.step} onGoTo={goTo} />
      </form>
      <DraftConflict state={state} keeper={keeper} onStartAnew={props.onStartAnew} />
    </PlanProvider>
  )
}

function BackAndNext({ step, onGoTo }: { step: PlanStep; onGoTo: (step: PlanStep) => void }) {
  const { t } = useTranslation()
  const at = PLAN_STEPS.indexOf(step)
  const [before, after] = [PLAN_STEPS[at - 1], PLAN_STEPS[at + 1]]
  return (
    <div className="flex flex-wrap items-center justify-between gap-3 pt-2">
      {before === undefined ? (
        <span />
      ) : (
        <Button look="secondary" onClick={() => onGoTo(before)}>
          {t('newCampaign.stepBack')}
        </Button>
      )}
      {after !== undefined && (
        <Button onClick={() => onGoTo(after)}>
          {t('newCampaign.stepNext', { step: t(`newCampaign.steps.${after}`) })}
        </Button>
      )}
    </div>
  )
}

/** What is wrong with a step is said once somebody has left it: nobody wants to be told off while they begin. */
function useVisits(current: PlanStep) {
  const [left, setLeft] = useState<readonly PlanStep[]>(() => PLAN_STEPS.slice(0, PLAN_STEPS.indexOf(current)))
  return {
    shown: (step: PlanStep) => left.includes(step),
    visit: (from: PlanStep, to: PlanStep) =>
      setLeft((known) => [...new Set([...known, from, ...(to === 'check' ? PLAN_STEPS : [])])]),
  }
}

function stateOf(
  step: PlanStep,
  problems: readonly { step: PlanStep }[],
  isShown: boolean,
): 'done' | 'problem' | undefined {
  if (step === 'check' || !isShown) return undefined
  return problems.some((problem) => problem.step === step) ? 'problem' : 'done'
}

/** A draft may name a channel or file that was deleted since: nobody could untick what is no longer shown. */
function useForgetGone(keeper: DraftKeeper, channels: readonly Channel[], imports: readonly ContactImport[]): void {
  useEffect(() => {
    const { plan } = keeper.getState()
    const known = plan.importIds.filter((id) => imports.some((file) => file.id === id))
    if (known.length !== plan.importIds.length) keeper.change({ importIds: known })
    if (plan.channelId !== '' && !channels.some(({ id }) => id === plan.channelId)) keeper.change({ channelId: '' })
  }, [keeper, channels, imports])
}
