import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MAX_BYTES_OF_KIND, type MediaKind, type Medium } from '#contract/media.ts'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { mediumFileUrl, useUploadMedium } from '../../../lib/media.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { ProgressBar } from '../../../ui/bars.tsx'
import { CursorPager } from '../../../ui/CursorPager.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { FileDrop } from '../../../ui/FileDrop.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { Menu } from '../../../ui/Menu.tsx'
import { mediaQuery, useDeleteMedium } from '../api/media.ts'
import { MediumThumb } from './MediumThumb.tsx'

type Props = { onChoose: (medium: Medium) => void; onClose: () => void }

/** A new file, or one that is there already. */
export function MediaDialog({ onChoose, onClose }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const [file, setFile] = useState<File | null>(null)
  const upload = useUploadMedium(onChoose)
  // In whole megabytes, which are a little less than is taken: nobody is told of room that is not there.
  const limitOf = (kind: MediaKind) => format.megabytes(Math.floor(MAX_BYTES_OF_KIND[kind] / 1_048_576) * 1_000_000)
  const send = (chosen: File) => {
    setFile(chosen)
    upload.mutate(chosen)
  }
  return (
    <Dialog open onClose={onClose} title={t('templates.media')} closeLabel={t('common.close')}>
      <FileDrop
        label={t('templates.drop')}
        hint={t('templates.dropHint', {
          image: limitOf('image'),
          video: limitOf('video'),
          document: limitOf('document'),
        })}
        accept="image/jpeg,image/png,image/webp,video/mp4,video/3gpp,audio/*,application/pdf,.doc,.docx,.xls,.xlsx,.ppt,.pptx,text/plain"
        file={file}
        disabled={upload.isPending}
        onFile={send}
      />
      {upload.isPending && (
        <ProgressBar share={upload.share === 1 ? null : upload.share} label={t('imports.uploading')} />
      )}
      {upload.error !== null && (
        <ErrorNotice error={upload.error} onRetry={file === null ? undefined : () => send(file)} />
      )}
      <Kept onChoose={onChoose} />
    </Dialog>
  )
}

function Kept({ onChoose }: { onChoose: (medium: Medium) => void }) {
  const { t } = useTranslation()
  const media = useInfiniteQuery(mediaQuery)
  const remove = useDeleteMedium()
  const items = media.data?.pages.flatMap((page) => page.items) ?? []
  if (media.isPending) return <Loading label={t('common.loading')} />
  if (media.isLoadingError) return <ErrorNotice error={media.error} onRetry={() => void media.refetch()} />
  return (
    <section aria-label={t('templates.keptMedia')}>
      {items.length > 0 && <h3 className="mb-2 text-sm font-semibold">{t('templates.keptMedia')}</h3>}
      {remove.error !== null && <ErrorNotice error={remove.error} className="mb-3" />}
      <ul className="flex flex-col divide-y divide-line">
        {items.map((medium) => (
          <li key={medium.id} className="relative flex items-center gap-3 py-2">
            <MediumThumb id={medium.id} kind={medium.kind} />
            <Describe medium={medium} onChoose={onChoose} />
            <Menu
              label={t('templates.moreMedium', { name: medium.fileName })}
              busy={remove.isPending && remove.variables === medium.id}
              items={[
                {
                  label: t('templates.download'),
                  icon: 'download',
                  link: <a href={mediumFileUrl(medium.id)} download aria-label={t('templates.download')} />,
                },
                {
                  label: t('common.delete'),
                  icon: 'trash',
                  tone: 'bad',
                  separated: true,
                  onSelect: () => remove.mutate(medium.id),
                },
              ]}
            />
          </li>
        ))}
      </ul>
      <CursorPager
        moreLabel={t('common.more')}
        hasMore={media.hasNextPage}
        busy={media.isFetchingNextPage}
        onMore={() => void media.fetchNextPage()}
      />
    </section>
  )
}

function Describe({ medium, onChoose }: { medium: Medium; onChoose: (medium: Medium) => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <div className="min-w-0 flex-1">
      <button
        type="button"
        className="block max-w-full truncate text-left font-medium after:absolute after:inset-0 after:rounded-control hover:underline"
        onClick={() => onChoose(medium)}
      >
        {medium.fileName}
      </button>
      <p className="text-sm text-ink-soft">
        {t(`templates.types.${medium.kind}`)} · {format.fileSize(medium.bytes)} · {format.instant(medium.createdAt)}
      </p>
    </div>
  )
}
