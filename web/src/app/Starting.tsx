import { useTranslation } from 'react-i18next'
import { Loading } from '../ui/Loading.tsx'

/** A page whose code or data takes longer than a blink. */
export function Starting() {
  const { t } = useTranslation()
  return (
    <div className="px-4">
      <Loading label={t('common.loading')} />
    </div>
  )
}
