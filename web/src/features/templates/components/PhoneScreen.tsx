import { useTranslation } from 'react-i18next'
import type { DraftMessage } from '../draft.ts'
import { mediumFileUrl } from '../../../lib/media.ts'
import { Icon } from '../../../ui/icons.tsx'
import { ScrollArea } from '../../../ui/ScrollArea.tsx'
import { WhatsappText } from '../../../ui/WhatsappText.tsx'

export type Bubble = {
  key: string
  medium: DraftMessage['medium']
  fileName: string
  text: string
  /** The text cannot be made for this person. */
  hasProblem: boolean
  maxLength: number
  /** Name of a template of Meta's, whose words we do not have. */
  approved: string | null
}

/** A conversation on a phone, with messages as WhatsApp shows them to the one who sends. */
export function PhoneScreen({ name, bubbles, emptyText }: { name: string; bubbles: Bubble[]; emptyText: string }) {
  return (
    <figure className="overflow-hidden rounded-[1.75rem] border-8 border-line bg-sunk">
      <figcaption className="flex items-center gap-3 border-b border-line bg-surface px-4 py-3">
        <span
          aria-hidden="true"
          className="flex h-9 w-9 shrink-0 items-center justify-center rounded-full bg-primary-soft font-bold text-primary-text"
        >
          {[...name][0]?.toUpperCase() ?? '?'}
        </span>
        <span dir="auto" className="min-w-0 truncate font-semibold">
          {name}
        </span>
      </figcaption>
      <ScrollArea role="group" label={name} className="flex max-h-[26rem] min-h-64 flex-col gap-2 p-3">
        {bubbles.length === 0 && <p className="m-auto px-4 text-center text-sm text-ink-soft">{emptyText}</p>}
        {bubbles.map((bubble) => (
          <OneBubble key={bubble.key} bubble={bubble} />
        ))}
      </ScrollArea>
    </figure>
  )
}

function OneBubble({ bubble: { medium, fileName, text, hasProblem, approved } }: { bubble: Bubble }) {
  const { t } = useTranslation()
  return (
    <div className="max-w-[88%] self-end overflow-hidden rounded-card rounded-tr-sm bg-primary-soft text-ink shadow-card">
      {medium !== null && <ShownMedium medium={medium} fileName={fileName} />}
      {approved !== null && <p className="px-3.5 py-2.5 text-sm">{t('templates.approved', { name: approved })}</p>}
      {hasProblem && <p className="px-3.5 py-2.5 text-sm text-bad-text">{t('templates.problem')}</p>}
      {approved === null && text !== '' && (
        <p dir="auto" className="px-3.5 py-2.5 text-sm whitespace-pre-wrap [overflow-wrap:anywhere]">
          <WhatsappText text={text} />
        </p>
      )}
    </div>
  )
}

function ShownMedium({ medium: { id, kind }, fileName }: { medium: NonNullable<Bubble['medium']>; fileName: string }) {
  const { t } = useTranslation()
  const url = mediumFileUrl(id)
  if (kind === 'image')
    return <img src={url} alt={t('templates.types.image')} className="max-h-56 w-full object-cover" />
  // The sender's own file: whoever uploads it decides whether it has captions.
  // oxlint-disable-next-line jsx-a11y/media-has-caption
  if (kind === 'video') return <video src={url} controls preload="metadata" className="max-h-56 w-full" />
  // The same for a voice message, whose words nobody has written down.
  // oxlint-disable-next-line jsx-a11y/media-has-caption
  if (kind === 'audio') return <audio src={url} controls preload="none" className="w-60 max-w-full p-2" />
  return (
    <p className="flex items-center gap-2 bg-sunk px-3.5 py-3 text-sm font-medium [overflow-wrap:anywhere]">
      <Icon name="template" />
      {fileName || t('templates.types.document')}
    </p>
  )
}
