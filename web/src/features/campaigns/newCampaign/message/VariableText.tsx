import { useTranslation } from 'react-i18next'
import { MAX_CAPTION_LENGTH, MAX_TEXT_LENGTH } from '#contract/campaignMessages.ts'
import { useFormat } from '../../../../lib/useFormat.ts'
import { TextWithVariables } from '../../../../ui/TextWithVariables.tsx'

type Props = {
  label: string
  value: string
  /** A message of its own, not a caption. */
  isLong: boolean
  variables: readonly string[]
  error: string | undefined
  onChange: (text: string) => void
}

/** A text that may hold variables. A longer one is taken as it was pasted: its error says so, and nothing is cut off. */
export function VariableText({ isLong, ...field }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const max = isLong ? MAX_TEXT_LENGTH : MAX_CAPTION_LENGTH
  return (
    <TextWithVariables
      {...field}
      hint={t('newCampaign.contentLength', { n: format.number(field.value.length), max: format.number(max) })}
      chipsLabel={`${field.label}: ${t('newCampaign.variables')}`}
      chipLabel={(variable) => t('newCampaign.insert', { variable })}
      className={isLong ? '[&_textarea]:min-h-44' : '[&_textarea]:min-h-24'}
    />
  )
}
