import { Link, useRouterState } from '@tanstack/react-router'
import { AutoPauseNotice } from '../../features/campaigns/overview/AutoPauseNotice.tsx'
import { buttonClass } from '../../ui/Button.tsx'
import { AutoPauseLink } from './AutoPauseLink.tsx'

/** The notice above every page but the overview, which says the same at its head and more of it. */
export function PauseBanner() {
  const isOverview = useRouterState({ select: ({ location }) => location.pathname === '/' })
  if (isOverview) return null
  return (
    <AutoPauseNotice
      actionFor={(pause) => <AutoPauseLink pause={pause} />}
      othersLink={(text) => (
        <Link to="/" className={buttonClass({ look: 'quiet', size: 'small' })}>
          {text}
        </Link>
      )}
    />
  )
}
