import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { CAMPAIGN_STATUSES, RECIPIENT_STATUSES, type CampaignStatus, type RecipientStatus } from '#contract/states.ts'
import { readAuditSearch } from '../features/admin/auditSearch.ts'
import { meQuery } from '../features/auth/api/getMe.ts'
import { setupStateQuery } from '../features/auth/api/getSetupState.ts'
import { CAMPAIGN_TABS, type CampaignTab } from '../features/campaigns/campaignTabs.ts'
import { OUTBOX_VIEWS, type OutboxView } from '../features/campaigns/outboxViews.ts'
import { SETTINGS_TABS, type SettingsTab } from '../features/settings/settingsTabs.ts'
import { loadAllTexts } from '../lib/i18n.ts'
import { AppLayout } from './AppLayout.tsx'
import { OverviewRoute } from './pages/OverviewRoute.tsx'
import { LoadFailed, NotFound } from './problems.tsx'
import { Starting } from './Starting.tsx'

type Context = { queryClient: QueryClient }

/*
 * `validateSearch` must name every parameter it refuses as undefined: what it leaves out shines through from the
 * address bar as it stands there.
 */

const root = createRootRouteWithContext<Context>()({ notFoundComponent: NotFound, errorComponent: LoadFailed })

/** Everything behind sign-in. Whoever is not signed in goes there, or to setup when there is nobody yet. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  component: AppLayout,
  beforeLoad: async ({ context, location }) => {
    // The overview is the first page of most visits, and its texts are there already.
    if (location.pathname !== '/') await loadAllTexts()
    if ((await context.queryClient.ensureQueryData(meQuery)) !== null) return
    await redirectIfNobodyExists(context)
    throw redirect({ to: '/sign-in', search: location.pathname === '/' ? {} : { from: location.href } })
  },
})

const overview = createRoute({
  getParentRoute: () => app,
  path: '/',
  component: OverviewRoute,
})

const campaigns = createRoute({
  getParentRoute: () => app,
  path: '/campaigns',
  validateSearch: (search): { view?: OutboxView; status?: CampaignStatus } => ({
    view: OUTBOX_VIEWS.find((known) => known === search['view']),
    status: CAMPAIGN_STATUSES.find((known) => known === search['status']),
  }),
  component: lazyRouteComponent(() => import('./pages/CampaignsRoute.tsx'), 'CampaignsRoute'),
})

const newCampaign = createRoute({
  getParentRoute: () => app,
  path: '/campaigns/new',
  validateSearch: (search): { import?: string; group?: string; tag?: string; draft?: string } => ({
    import: readId(search['import']),
    group: readId(search['group']),
    tag: readId(search['tag']),
    draft: readId(search['draft']),
  }),
  component: lazyRouteComponent(() => import('./pages/NewCampaignRoute.tsx'), 'NewCampaignRoute'),
})

const compare = createRoute({
  getParentRoute: () => app,
  path: '/campaigns/compare',
  validateSearch: (search): { ids?: string } => ({
    ids: typeof search['ids'] === 'string' ? search['ids'] : undefined,
  }),
  component: lazyRouteComponent(() => import('./pages/CompareRoute.tsx'), 'CompareRoute'),
})

const campaign = createRoute({
  getParentRoute: () => app,
  path: '/campaigns/$campaignId',
  validateSearch: (search): { tab?: CampaignTab; state?: RecipientStatus } => ({
    tab: CAMPAIGN_TABS.find((known) => known === search['tab']),
    state: RECIPIENT_STATUSES.find((known) => known === search['state']),
  }),
  component: lazyRouteComponent(() => import('./pages/CampaignRoute.tsx'), 'CampaignRoute'),
})

const imports = createRoute({
  getParentRoute: () => app,
  path: '/imports',
  component: lazyRouteComponent(() => import('./pages/ImportsRoute.tsx'), 'ImportsRoute'),
})

const channels = createRoute({
  getParentRoute: () => app,
  path: '/channels',
  validateSearch: (search): { connect?: string } => ({ connect: readId(search['connect']) }),
  component: lazyRouteComponent(() => import('./pages/ChannelsRoute.tsx'), 'ChannelsRoute'),
})

/** After setup: from nothing to a campaign that arrived in the simulator. */
const welcome = createRoute({
  getParentRoute: () => app,
  path: '/welcome',
  component: lazyRouteComponent(() => import('./pages/WelcomeRoute.tsx'), 'WelcomeRoute'),
})

const contacts = createRoute({
  getParentRoute: () => app,
  path: '/contacts',
  validateSearch: (search): { search?: string; group?: string; tag?: string; contact?: number } => ({
    search: readText(search['search']),
    group: readId(search['group']),
    tag: readId(search['tag']),
    contact: Number.isSafeInteger(search['contact']) ? Number(search['contact']) : undefined,
  }),
  component: lazyRouteComponent(() => import('./pages/ContactsRoute.tsx'), 'ContactsRoute'),
})

const contactLists = createRoute({
  getParentRoute: () => app,
  path: '/contacts/lists',
  component: lazyRouteComponent(() => import('./pages/ContactListsRoute.tsx'), 'ContactListsRoute'),
})

const templates = createRoute({
  getParentRoute: () => app,
  path: '/templates',
  validateSearch: (search): { template?: string } => ({
    template: search['template'] === 'new' ? 'new' : readId(search['template']),
  }),
  component: lazyRouteComponent(() => import('./pages/TemplatesRoute.tsx'), 'TemplatesRoute'),
})

const suppressions = createRoute({
  getParentRoute: () => app,
  path: '/suppressions',
  component: lazyRouteComponent(() => import('./pages/SuppressionsRoute.tsx'), 'SuppressionsRoute'),
})

const messages = createRoute({
  getParentRoute: () => app,
  path: '/messages',
  component: lazyRouteComponent(() => import('./pages/MessagesRoute.tsx'), 'MessagesRoute'),
})

const settings = createRoute({
  getParentRoute: () => app,
  path: '/settings',
  validateSearch: (search): { tab?: SettingsTab } => ({
    tab: SETTINGS_TABS.find((known) => known === search['tab']),
  }),
  component: lazyRouteComponent(() => import('./pages/SettingsRoute.tsx'), 'SettingsRoute'),
})

const users = createRoute({
  getParentRoute: () => app,
  path: '/admin/users',
  beforeLoad: onlyAdmins,
  component: lazyRouteComponent(() => import('./pages/UsersRoute.tsx'), 'UsersRoute'),
})

const audit = createRoute({
  getParentRoute: () => app,
  path: '/admin/audit',
  beforeLoad: onlyAdmins,
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('./pages/AuditRoute.tsx'), 'AuditRoute'),
})

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search): { from?: string } => {
    const from = search['from']
    // Only a path of this app: the address bar must not be able to send people elsewhere after signing in.
    return { from: typeof from === 'string' && /^\/(?![/\\])/.test(from) ? from : undefined }
  },
  beforeLoad: ({ context }) => Promise.all([redirectIfNobodyExists(context), loadAllTexts()]).then(() => {}),
  component: lazyRouteComponent(() => import('./pages/SignInRoute.tsx'), 'SignInRoute'),
})

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  beforeLoad: async ({ context }) => {
    const { needed } = await context.queryClient.fetchQuery(setupStateQuery)
    if (!needed) throw redirect({ to: '/sign-in' })
    await loadAllTexts()
  },
  component: lazyRouteComponent(() => import('./pages/SetupRoute.tsx'), 'SetupRoute'),
})

/** The components as they are; a build for production has neither the address nor the code. */
const ui = createRoute({
  getParentRoute: () => app,
  path: '/dev/ui',
  component: import.meta.env.DEV ? lazyRouteComponent(() => import('./dev/UiPage.tsx'), 'UiPage') : NotFound,
})

/** A number in the address bar, as when somebody typed it there, is read as the text that it was. */
function readText(value: unknown): string | undefined {
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined
}

function readId(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\da-f-]{36}$/i.test(value) ? value : undefined
}

async function onlyAdmins({ context }: { context: Context }): Promise<void> {
  const me = await context.queryClient.ensureQueryData(meQuery)
  if (me?.role !== 'admin') throw redirect({ to: '/' })
}

async function redirectIfNobodyExists({ queryClient }: Context): Promise<void> {
  const { needed } = await queryClient.fetchQuery(setupStateQuery)
  if (needed) throw redirect({ to: '/setup' })
}

const routeTree = root.addChildren([
  app.addChildren([
    overview,
    campaigns,
    newCampaign,
    compare,
    campaign,
    imports,
    channels,
    welcome,
    contacts,
    contactLists,
    templates,
    suppressions,
    messages,
    settings,
    users,
    audit,
    ...(import.meta.env.DEV ? [ui] : []),
  ]),
  signIn,
  setup,
])

export function makeRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultPendingComponent: Starting,
    defaultPendingMs: 300,
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: LoadFailed,
    scrollRestoration: true,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
