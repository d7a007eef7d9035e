import type { MediaKind } from '#contract/media.ts'
import { mediumFileUrl } from '../../../lib/media.ts'
import { Icon, type IconName } from '../../../ui/icons.tsx'

const ICONS: Record<Exclude<MediaKind, 'image'>, IconName> = {
  video: 'play',
  audio: 'message',
  document: 'template',
}

/** A small picture of a medium. Its name stands beside it. */
export function MediumThumb({ id, kind }: { id: string; kind: MediaKind }) {
  const frame = 'h-14 w-14 shrink-0 rounded-control bg-sunk'
  if (kind === 'image') return <img src={mediumFileUrl(id)} alt="" loading="lazy" className={`${frame} object-cover`} />
  return (
    <span className={`${frame} flex items-center justify-center text-primary`}>
      <Icon name={ICONS[kind]} className="h-6 w-6" />
    </span>
  )
}
