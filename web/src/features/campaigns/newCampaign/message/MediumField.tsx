import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MAX_BYTES_OF_KIND, type Medium, type MediaKind } from '#contract/media.ts'
import { ErrorNotice } from '../../../../lib/ErrorNotice.tsx'
import { mediumFileUrl, useUploadMedium } from '../../../../lib/media.ts'
import { useFormat } from '../../../../lib/useFormat.ts'
import { ProgressBar } from '../../../../ui/bars.tsx'
import { Button } from '../../../../ui/Button.tsx'
import { FileDrop } from '../../../../ui/FileDrop.tsx'
import { Icon } from '../../../../ui/icons.tsx'
import type { PlanMessage } from '../plan/campaignPlan.ts'

const ACCEPT: Record<MediaKind, string> = {
  image: 'image/jpeg,image/png',
  video: 'video/mp4,video/3gpp',
  audio: 'audio/aac,audio/mp4,audio/mpeg,audio/amr,audio/ogg',
  document: '.pdf,.doc,.docx,.xls,.xlsx,.ppt,.pptx,.txt,application/pdf',
}

type Props = { message: PlanMessage; error: string | undefined; onChange: (part: Partial<PlanMessage>) => void }

/** The file of a message: sent to the server as soon as it is chosen, shown once it is there. */
export function MediumField({ message, error, onChange }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const kind = message.type as MediaKind
  const [file, setFile] = useState<File | null>(null)
  const [refusal, setRefusal] = useState<string | undefined>()
  const upload = useUploadMedium((medium: Medium) => {
    if (medium.kind !== kind) return setRefusal(t('newCampaign.wrongKind', { kind: t(`newCampaign.types.${kind}`) }))
    onChange({ mediaId: medium.id, fileName: medium.fileName })
  })
  const choose = (chosen: File) => {
    setRefusal(undefined)
    setFile(chosen)
    if (chosen.size > MAX_BYTES_OF_KIND[kind])
      return setRefusal(t('newCampaign.tooLarge', { max: format.megabytes(MAX_BYTES_OF_KIND[kind]) }))
    upload.mutate(chosen)
  }
  if (message.mediaId !== null) {
    return <Chosen message={message} onRemove={() => onChange({ mediaId: null, fileName: null })} />
  }
  return (
    <div className="flex flex-col gap-3">
      <FileDrop
        label={t(`newCampaign.drop.${kind}`)}
        hint={t('newCampaign.dropHint', { max: format.megabytes(MAX_BYTES_OF_KIND[kind]) })}
        accept={ACCEPT[kind]}
        file={file}
        error={refusal ?? error}
        disabled={upload.isPending}
        onFile={choose}
      />
      {upload.isPending && <ProgressBar share={upload.share} label={t('newCampaign.uploading')} />}
      {upload.error !== null && (
        <ErrorNotice error={upload.error} onRetry={() => file !== null && upload.mutate(file)} />
      )}
    </div>
  )
}

function Chosen({ message, onRemove }: { message: PlanMessage; onRemove: () => void }) {
  const { t } = useTranslation()
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-control border border-line p-3">
      {message.type === 'image' && message.mediaId !== null ? (
        <img src={mediumFileUrl(message.mediaId)} alt="" className="h-16 w-16 rounded-control object-cover" />
      ) : (
        <Icon name="template" className="h-8 w-8 text-primary" />
      )}
      <bdi className="min-w-0 flex-1 font-medium">{message.fileName}</bdi>
      <Button look="secondary" size="small" onClick={onRemove}>
        {t('newCampaign.otherFile')}
      </Button>
    </div>
  )
}
