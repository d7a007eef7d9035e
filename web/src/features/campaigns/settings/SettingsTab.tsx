import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { type CampaignConfigBody, type CampaignDetails, type SendingWindow } from '#contract/campaigns.ts'
import { isFinal } from '#contract/states.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { Button } from '../../../ui/Button.tsx'
import { Card } from '../../../ui/Card.tsx'
import { CheckField, TextField } from '../../../ui/fields.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { showToast } from '../../../ui/toasts.ts'
import { useEditCampaign } from '../api/editCampaign.ts'
import { WindowEditor } from './WindowEditor.tsx'

type Form = { delayMin: string; delayMax: string; window: SendingWindow | null; autoResume: boolean }

/** What may change while a campaign runs: pace, hours, going on by itself. It holds for the next message. */
export function SettingsTab({ campaign }: { campaign: CampaignDetails }) {
  const { t } = useTranslation()
  if (isFinal(campaign.status)) return <Notice tone="info" title={t('campaignSettings.over')} />
  // What another tab saved meanwhile is shown afresh, and never silently overwritten by an older form.
  return <SettingsForm key={JSON.stringify(formOf(campaign))} campaign={campaign} />
}

function SettingsForm({ campaign }: { campaign: CampaignDetails }) {
  const { t } = useTranslation()
  const [form, setForm] = useState(() => formOf(campaign))
  const change = (part: Partial<Form>) => setForm((known) => ({ ...known, ...part }))
  const save = useEditCampaign(campaign.id, () => showToast({ title: t('campaignSettings.saved') }))
  const errors = errorsOf(form)
  const changes = changesOf(form, campaign)
  const isSound = errors.delayMin === undefined && errors.delayMax === undefined && !errors.days
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isSound && changes !== null) save.mutate(changes)
  }
  return (
    <Card aria-label={t('campaignSettings.title')}>
      <form onSubmit={submit} noValidate className="flex max-w-2xl flex-col gap-6">
        <div>
          <h2 className="text-lg font-semibold">{t('campaignSettings.title')}</h2>
          <p className="mt-1 text-ink-soft">{t('campaignSettings.lead')}</p>
        </div>
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label={t('campaignSettings.delayMin')}
            inputMode="decimal"
            value={form.delayMin}
            error={errors.delayMin && t(`campaignSettings.errors.${errors.delayMin}`)}
            onChange={(event) => change({ delayMin: event.target.value })}
          />
          <TextField
            label={t('campaignSettings.delayMax')}
            inputMode="decimal"
            value={form.delayMax}
            error={errors.delayMax && t(`campaignSettings.errors.${errors.delayMax}`)}
            onChange={(event) => change({ delayMax: event.target.value })}
          />
        </div>
        <WindowEditor
          value={form.window}
          timeZone={campaign.timeZone}
          noDays={errors.days}
          onChange={(window) => change({ window })}
        />
        <CheckField
          label={t('campaignSettings.autoResume')}
          hint={t('campaignSettings.autoResumeHint')}
          checked={form.autoResume}
          onChange={(event) => change({ autoResume: event.target.checked })}
        />
        {save.error !== null && <ErrorNotice error={save.error} />}
        <div>
          <Button type="submit" busy={save.isPending} disabled={changes === null || !isSound}>
            {t('common.save')}
          </Button>
        </div>
      </form>
    </Card>
  )
}

function formOf({ delayMin, delayMax, sendingWindow, autoResume }: CampaignDetails): Form {
  return { delayMin: String(delayMin), delayMax: String(delayMax), window: sendingWindow, autoResume }
}

type DelayError = 'number' | 'tooMuch' | 'maxBelowMin'
/** Seconds; a longer wait than this the server refuses. */
const LONGEST_DELAY_S = 300

function errorsOf(form: Form): { delayMin: DelayError | undefined; delayMax: DelayError | undefined; days: boolean } {
  const [min, max] = [readSeconds(form.delayMin), readSeconds(form.delayMax)]
  const order = min !== null && max !== null && min > max ? ('maxBelowMin' as const) : undefined
  return {
    delayMin: errorOfDelay(min),
    delayMax: errorOfDelay(max) ?? order,
    days: form.window?.days.length === 0,
  }
}

function errorOfDelay(seconds: number | null): DelayError | undefined {
  if (seconds === null) return 'number'
  return seconds > LONGEST_DELAY_S ? 'tooMuch' : undefined
}

/** Both "7,5" and "7.5"; null for what is no number. */
function readSeconds(text: string): number | null {
  return /^\d{1,4}([.,]\d{1,3})?$/.test(text.trim()) ? Number(text.trim().replace(',', '.')) : null
}

/** Only what differs is sent, so that two tabs that change different things do not undo each other. */
function changesOf(form: Form, campaign: CampaignDetails): CampaignConfigBody | null {
  const [delayMin, delayMax] = [readSeconds(form.delayMin), readSeconds(form.delayMax)]
  const changes: CampaignConfigBody = {}
  const isNewPace = delayMin !== campaign.delayMin || delayMax !== campaign.delayMax
  if (isNewPace && delayMin !== null && delayMax !== null) Object.assign(changes, { delayMin, delayMax })
  if (JSON.stringify(form.window) !== JSON.stringify(campaign.sendingWindow)) changes.sendingWindow = form.window
  if (form.autoResume !== campaign.autoResume) changes.autoResume = form.autoResume
  return Object.keys(changes).length === 0 ? null : changes
}
