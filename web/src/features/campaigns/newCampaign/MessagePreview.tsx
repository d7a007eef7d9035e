import { useTranslation } from 'react-i18next'
import { fillSample } from './variables.ts'
import { whatsappText } from './whatsappText.tsx'

/** The message as it will look on a phone, with the values of one person. */
export function MessagePreview({ content, sample }: { content: string; sample: Readonly<Record<string, string>> }) {
  const { t } = useTranslation()
  const text = fillSample(content, sample).trim()
  return (
    <figure className="flex min-h-48 flex-col rounded-card border border-line bg-sunk p-4">
      <figcaption className="mb-3 text-center text-xs font-medium text-ink-soft">
        {t('newCampaign.previewFor', { name: sample['nome'] ?? '' })}
      </figcaption>
      {text === '' ? (
        <p className="m-auto text-sm text-ink-soft">{t('newCampaign.previewEmpty')}</p>
      ) : (
        <div className="max-w-[85%] self-end rounded-card rounded-tr-sm bg-primary-soft px-3.5 py-2.5 text-ink shadow-card">
          <p className="text-sm whitespace-pre-wrap [overflow-wrap:anywhere]">{whatsappText(text)}</p>
        </div>
      )}
    </figure>
  )
}
