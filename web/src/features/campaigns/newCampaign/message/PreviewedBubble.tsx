import { useTranslation } from 'react-i18next'
import type { CampaignMessage } from '#contract/campaigns.ts'
import type { Preview } from '#contract/templates.ts'
import { mediumFileUrl } from '../../../../lib/media.ts'
import { ChatText } from '../../../../ui/ChatPreview.tsx'
import { Icon } from '../../../../ui/icons.tsx'

type Texts = Preview['items'][number]['messages'][number]['texts']

/** One message as the server made it for a person; until it has, the text as it was written. */
export function PreviewedBubble({ message, texts }: { message: CampaignMessage; texts: Texts }) {
  const rendered = texts.find(({ field }) => field === 'content')
  const written = 'content' in message ? (message.content ?? '') : ''
  const text = rendered === undefined ? written : (rendered.text ?? '')
  return (
    <>
      <Medium message={message} />
      {text !== '' && <ChatText text={text} />}
      {rendered?.problem != null && <p className="text-bad-text">{rendered.problem}</p>}
      {message.type === 'template' && <TemplateText message={message} texts={texts} />}
    </>
  )
}

function Medium({ message }: { message: CampaignMessage }) {
  const { t } = useTranslation()
  if (message.type === 'text' || message.type === 'template') return null
  if (message.type === 'image')
    return <img src={mediumFileUrl(message.mediaId)} alt={t('newCampaign.types.image')} className="rounded-control" />
  return (
    <span className="flex items-center gap-2 rounded-control bg-surface px-3 py-2 font-medium">
      <Icon name={message.type === 'document' ? 'template' : 'play'} className="text-primary" />
      <bdi className="min-w-0 truncate">
        {(message.type === 'document' ? message.fileName : undefined) ?? t(`newCampaign.types.${message.type}`)}
      </bdi>
    </span>
  )
}

/** Meta keeps the words of a template; we know its name and the values. */
function TemplateText({ message, texts }: { message: CampaignMessage & { type: 'template' }; texts: Texts }) {
  const { t } = useTranslation()
  const values = texts.length > 0 ? texts.map(({ text }) => text ?? '–') : (message.body ?? []).map(({ text }) => text)
  return (
    <>
      <p className="font-semibold">{t('newCampaign.templateNamed', { name: message.name })}</p>
      {values.length > 0 && (
        <ol className="list-inside list-decimal">
          {values.map((value, index) => (
            <li key={`${index}-${value}`}>{value}</li>
          ))}
        </ol>
      )}
    </>
  )
}
