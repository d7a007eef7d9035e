import type { IconName } from '../../ui/icons.tsx'

/** Where the app has pages: the path, its words (`nav.…`), its icon. */
export const PAGES = {
  overview: { to: '/', icon: 'home' },
  newCampaign: { to: '/campaigns/new', icon: 'plus' },
  campaigns: { to: '/campaigns', icon: 'campaigns' },
  messages: { to: '/messages', icon: 'message' },
  templates: { to: '/templates', icon: 'template' },
  contacts: { to: '/contacts', icon: 'people' },
  contactLists: { to: '/contacts/lists', icon: 'tag' },
  imports: { to: '/imports', icon: 'upload' },
  suppressions: { to: '/suppressions', icon: 'quiet' },
  channels: { to: '/channels', icon: 'channel' },
  settings: { to: '/settings', icon: 'settings' },
  users: { to: '/admin/users', icon: 'users' },
  audit: { to: '/admin/audit', icon: 'audit' },
} as const satisfies Record<string, { to: string; icon: IconName }>
export type PageName = keyof typeof PAGES

type Group = { name: 'send' | 'people' | 'admin' | null; adminOnly?: true; pages: readonly PageName[] }

/** The pages in the order of a day's work. */
export const GROUPS: readonly Group[] = [
  { name: null, pages: ['overview'] },
  { name: 'send', pages: ['campaigns', 'messages', 'templates', 'channels'] },
  { name: 'people', pages: ['contacts', 'contactLists', 'imports', 'suppressions'] },
  { name: null, pages: ['settings'] },
  { name: 'admin', adminOnly: true, pages: ['users', 'audit'] },
]

/** What a thumb reaches on a phone; the rest is behind "more". */
export const THUMB_PAGES = ['overview', 'campaigns', 'newCampaign', 'contacts'] as const satisfies readonly PageName[]

/** The groups that this person may see. */
export function groupsFor(role: string | undefined): readonly Group[] {
  return GROUPS.filter((group) => group.adminOnly !== true || role === 'admin')
}

/** The page that a path belongs to: the longest address that it begins with. */
export function pageOfPath(path: string): PageName {
  const names = Object.keys(PAGES) as PageName[]
  const holding = names.filter((name) => path === PAGES[name].to || path.startsWith(`${PAGES[name].to}/`))
  return holding.sort((a, b) => PAGES[b].to.length - PAGES[a].to.length)[0] ?? 'overview'
}
