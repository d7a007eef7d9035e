import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CheckField } from '../../../../ui/fields.tsx'
import { VariableText } from './VariableText.tsx'

type Props = {
  value: string
  variables: readonly string[]
  error: string | undefined
  onChange: (text: string) => void
}

/** What goes instead when the file cannot be sent; asked for only by those who want it. */
export function FallbackField({ value, variables, error, onChange }: Props) {
  const { t } = useTranslation()
  const [isWanted, setIsWanted] = useState(value !== '')
  return (
    <div className="flex flex-col gap-2">
      <CheckField
        label={t('newCampaign.fallbackWanted')}
        hint={t('newCampaign.fallbackHint')}
        checked={isWanted}
        onChange={(event) => {
          setIsWanted(event.target.checked)
          if (!event.target.checked) onChange('')
        }}
      />
      {isWanted && (
        <VariableText
          label={t('newCampaign.fallback')}
          value={value}
          isLong
          variables={variables}
          error={error}
          onChange={onChange}
        />
      )}
    </div>
  )
}
