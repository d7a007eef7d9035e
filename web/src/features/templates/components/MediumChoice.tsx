import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DraftMessage } from '../draft.ts'
import { mediumQuery } from '../../../lib/media.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { MediaDialog } from './MediaDialog.tsx'
import { MediumThumb } from './MediumThumb.tsx'

type Props = { medium: DraftMessage['medium']; onChange: (medium: DraftMessage['medium']) => void }

/** The picture, video, sound or document that a message carries, or the way to choose one. */
export function MediumChoice({ medium, onChange }: Props) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <div className="flex flex-wrap items-center gap-3">
      {medium !== null && <Chosen medium={medium} />}
      <Button look="secondary" size="small" icon={medium === null ? 'plus' : 'refresh'} onClick={() => setOpen(true)}>
        {t(medium === null ? 'templates.addMedium' : 'templates.changeMedium')}
      </Button>
      {medium !== null && (
        <Button look="quiet" size="small" icon="close" onClick={() => onChange(null)}>
          {t('templates.removeMedium')}
        </Button>
      )}
      {open && (
        <MediaDialog
          onClose={() => setOpen(false)}
          onChoose={({ id, kind }) => {
            onChange({ id, kind })
            setOpen(false)
          }}
        />
      )}
    </div>
  )
}

function Chosen({ medium: { id, kind } }: { medium: NonNullable<DraftMessage['medium']> }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { data, isError } = useQuery(mediumQuery(id))
  return (
    <div className="flex w-full min-w-0 items-center gap-3 rounded-control border border-line p-2">
      <MediumThumb id={id} kind={kind} />
      <div className="min-w-0">
        <p className="truncate text-sm font-semibold">{data?.fileName ?? t(`templates.types.${kind}`)}</p>
        <p className="text-sm text-ink-soft">
          {isError ? t('templates.mediumGone') : t(`templates.types.${kind}`)}
          {data !== undefined && ` · ${format.fileSize(data.bytes)}`}
        </p>
      </div>
    </div>
  )
}
