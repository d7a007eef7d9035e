import { useTranslation } from 'react-i18next'
import { Notice } from '../../ui/Notice.tsx'

const COMMAND = 'npm run arm'

/** Above every page of a copied or restored installation, which sends nothing until somebody runs the command. */
export default function CopyBanner() {
  const { t } = useTranslation()
  return (
    <aside aria-label={t('copy.label')} className="mx-auto w-full max-w-6xl px-4 pt-3 md:px-8 md:pt-5">
      <Notice tone="warn" title={t('copy.title')}>
        <p>{t('copy.text')}</p>
        <p className="my-2">
          <code className="inline-block rounded-control bg-surface px-3 py-1.5 text-base text-ink select-all">
            {COMMAND}
          </code>
        </p>
        <p>{t('copy.after')}</p>
      </Notice>
    </aside>
  )
}
