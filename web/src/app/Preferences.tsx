import { useTranslation } from 'react-i18next'
import type { Language } from '#contract/timeRemaining.ts'
import { changeLanguage, toLanguage } from '../lib/i18n.ts'
import { chooseTheme, THEMES, useTheme } from '../lib/theme.ts'
import { Segmented } from '../ui/Segmented.tsx'

/** Languages carry their own names: whoever is lost in the wrong one must find the way back. */
const LANGUAGE_NAMES: readonly { value: Language; label: string; lang: string }[] = [
  { value: 'pt', label: 'Português', lang: 'pt-BR' },
  { value: 'en', label: 'English', lang: 'en' },
  { value: 'es', label: 'Español', lang: 'es' },
]

export function LanguageChoice() {
  const { t, i18n } = useTranslation()
  return (
    <Segmented
      label={t('account.language')}
      value={toLanguage(i18n.language)}
      options={LANGUAGE_NAMES}
      onChange={(language) => void changeLanguage(language)}
    />
  )
}

export function ThemeChoice() {
  const { t } = useTranslation()
  return (
    <Segmented
      label={t('account.theme')}
      value={useTheme()}
      options={THEMES.map((theme) => ({ value: theme, label: t(`account.themes.${theme}`) }))}
      onChange={chooseTheme}
    />
  )
}
