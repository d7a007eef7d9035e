import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../../ui/Button.tsx'

/** The codes that open without the device, to be taken away now: nobody can show them again. */
export function BackupCodes({ codes }: { codes: readonly string[] }) {
  const { t } = useTranslation()
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(codes.join('\n'))
      setCopied(true)
    } catch {
      // Without https the browser may refuse; the codes can be marked, or saved as a file.
    }
  }
  return (
    <>
      <ol className="grid gap-x-6 gap-y-1 rounded-control bg-sunk p-4 font-mono text-sm">
        {codes.map((code) => (
          <li key={code} className="break-all select-all">
            {code}
          </li>
        ))}
      </ol>
      <div className="flex flex-wrap gap-3">
        <Button look="secondary" size="small" icon={copied ? 'check' : 'copy'} onClick={() => void copy()}>
          {copied ? t('settings.copied') : t('settings.copy')}
        </Button>
        <Button look="secondary" size="small" icon="download" onClick={() => saveAsFile(codes.join('\r\n'))}>
          {t('settings.download')}
        </Button>
      </div>
    </>
  )
}

function saveAsFile(text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = address
  link.download = 'revoada-backup-codes.txt'
  link.click()
  // Not at once: the browser reads it after this.
  setTimeout(() => URL.revokeObjectURL(address), 1000)
}
