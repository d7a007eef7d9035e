import { useTranslation } from 'react-i18next'
import type { Preflight } from '#contract/preflight.ts'
import { formatPhone } from '../../../../lib/formatPhone.ts'
import { ChatBubble, ChatPreview, ChatText } from '../../../../ui/ChatPreview.tsx'
import { Section } from '../Section.tsx'

const SHOWN = 3

/** The messages of the first people, word for word as they will go out. */
export function SamplesOf({ preflight: { samples } }: { preflight: Preflight }) {
  const { t } = useTranslation()
  if (samples.length === 0) return null
  return (
    <Section title={t('newCampaign.samples')} lead={t('newCampaign.samplesLead')}>
      <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
        {samples.slice(0, SHOWN).map((sample) => (
          <ChatPreview
            key={sample.phone}
            caption={<bdi className="block truncate font-semibold">{sample.name ?? formatPhone(sample.phone)}</bdi>}
            className="[&>div]:min-h-32"
          >
            {sample.texts.map((text, step) => (
              <ChatBubble key={`${step}`}>
                {text === '' ? <p className="italic">{t('newCampaign.onlyFile')}</p> : <ChatText text={text} />}
              </ChatBubble>
            ))}
          </ChatPreview>
        ))}
      </div>
    </Section>
  )
}
