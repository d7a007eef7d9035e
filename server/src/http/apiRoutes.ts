import { apiKeyRoutes } from '#server/auth/apiKeyRoutes.ts'
import { authRoutes, type AuthRoutesDeps } from '#server/auth/authRoutes.ts'
import type { RoutePlugin } from '#server/lib/http.ts'

/** What the domains' routes need, made in compose.ts. */
export type ApiServices = { auth: AuthRoutesDeps }

/** The whole API, one line a domain. */
export function apiRoutes(services: ApiServices): RoutePlugin[] {
  return [authRoutes(services.auth), apiKeyRoutes(services.auth)]
}
