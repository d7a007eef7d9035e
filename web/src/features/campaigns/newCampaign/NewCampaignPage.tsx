import { zodResolver } from '@hookform/resolvers/zod'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { FormProvider, useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import type { CreatedCampaign } from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import type { ContactImport } from '#contract/imports.ts'
import { fieldErrorKey, fieldErrorText } from '../../../lib/fieldErrors.ts'
import { Button } from '../../../ui/Button.tsx'
import { Card, PageHeader } from '../../../ui/Card.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { useCreateCampaign } from '../api/createCampaign.ts'
import { campaignFormSchema, EMPTY_FORM, toBody, type CampaignForm } from './campaignForm.ts'
import { ChannelSection } from './ChannelSection.tsx'
import { CheckSection } from './CheckSection.tsx'
import { MessageSection } from './MessageSection.tsx'
import { RecipientsSection } from './RecipientsSection.tsx'
import { discardDraft, loadDraft, useSaveDraft } from './useCampaignDraft.ts'

type Props = {
  userId: string
  channels: readonly Channel[]
  /** Finished files with people in them. */
  imports: readonly ContactImport[]
  /** A file to begin with, when one was chosen on the page before. */
  importId?: string | undefined
  importLink: ReactNode
  channelLink: ReactNode
  statusOf: (channel: Channel) => ReactNode
  onCreated: (created: CreatedCampaign) => void
}

/** A campaign from nothing to started on one page. What is typed is kept on this device until it has been sent. */
export function NewCampaignPage(props: Props) {
  const { userId, channels, imports, onCreated } = props
  const { t } = useTranslation()
  // The first time only: what is typed afterwards must not be replaced.
  const [defaultValues] = useState(() => startingForm(props))
  const form = useForm<CampaignForm>({
    resolver: zodResolver(
      useMemo(() => campaignFormSchema(channels), [channels]),
      { error: fieldErrorKey },
    ),
    defaultValues,
  })
  useSaveDraft(userId, form)
  useForgetGone(form, channels, imports)
  const [starts, setStarts] = useState(true)
  const create = useCreateCampaign((created) => {
    form.reset(EMPTY_FORM)
    discardDraft(userId)
    onCreated(created)
  })
  const submit = (start: boolean) => {
    setStarts(start)
    void form.handleSubmit((values) => create.mutate(toBody(values, start)))()
  }
  const importIds = form.watch('importIds')
  const columns = imports.filter(({ id }) => importIds.includes(id)).flatMap((contactImport) => contactImport.columns)
  return (
    <>
      <PageHeader title={t('newCampaign.title')} lead={t('newCampaign.lead')} />
      <FormProvider {...form}>
        <form noValidate className="flex flex-col gap-4" onSubmit={(event) => event.preventDefault()}>
          <Card>
            <TextField
              label={t('newCampaign.name')}
              hint={t('newCampaign.nameHint')}
              autoComplete="off"
              error={fieldErrorText(t, form.formState.errors.name?.message)}
              {...form.register('name')}
            />
          </Card>
          <RecipientsSection imports={imports} importLink={props.importLink} />
          <MessageSection columns={columns} />
          <ChannelSection channels={channels} channelLink={props.channelLink} statusOf={props.statusOf} />
          <CheckSection
            channels={channels}
            imports={imports}
            error={create.error}
            busy={create.isPending ? (starts ? 'start' : 'prepare') : null}
            onSubmit={submit}
          />
          <Button look="quiet" size="small" className="self-start" onClick={() => form.reset(EMPTY_FORM)}>
            {t('newCampaign.clear')}
          </Button>
        </form>
      </FormProvider>
    </>
  )
}

/** The draft, plus the file just imported, plus the only channel there is. */
function startingForm({ userId, channels, importId }: Props): CampaignForm {
  const draft = loadDraft(userId)
  const [only] = channels
  return {
    ...draft,
    importIds:
      importId === undefined || draft.importIds.includes(importId) ? draft.importIds : [...draft.importIds, importId],
    channelId: draft.channelId === '' && channels.length === 1 && only !== undefined ? only.id : draft.channelId,
  }
}

/** A draft may name a channel or file that was deleted since: nobody could untick what is no longer shown. */
function useForgetGone(
  form: ReturnType<typeof useForm<CampaignForm>>,
  channels: readonly Channel[],
  imports: readonly ContactImport[],
): void {
  useEffect(() => {
    const { channelId, importIds } = form.getValues()
    if (channelId !== '' && !channels.some(({ id }) => id === channelId)) form.setValue('channelId', '')
    const known = importIds.filter((id) => imports.some((contactImport) => contactImport.id === id))
    if (known.length !== importIds.length) form.setValue('importIds', known)
  }, [form, channels, imports])
}
