import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { meQuery } from '../../features/auth/api/getMe.ts'
import { TemplatesPage } from '../../features/templates/components/TemplatesPage.tsx'

const route = getRouteApi('/app/templates')

export function TemplatesRoute() {
  const { template } = route.useSearch()
  const navigate = route.useNavigate()
  const { data: me } = useQuery(meQuery)
  return (
    <TemplatesPage
      userId={me?.id ?? ''}
      templateId={template}
      onOpen={(templateId) => void navigate({ search: templateId === undefined ? {} : { template: templateId } })}
    />
  )
}
