import { useTranslation } from 'react-i18next'
import { AUDIT_ACTIONS } from '../auditActions.ts'

/** What was done, in words. A newer server may know more of them: those are shown as they are called. */
export function useActionName(): (action: string) => string {
  const { t } = useTranslation()
  return (action) => {
    const known = AUDIT_ACTIONS.find((name) => name === action)
    return known === undefined ? action : t(`adminAudit.actions.${known}`)
  }
}
