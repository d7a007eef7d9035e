import { QueryClientProvider } from '@tanstack/react-query'
import { render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactElement } from 'react'
import { makeQueryClient } from '../src/app/queryClient.ts'

/** Renders a part of a page with the app's own query client, minus its waiting between repeats. */
export function renderPart(element: ReactElement) {
  const client = makeQueryClient()
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false, gcTime: Infinity } })
  const user = userEvent.setup()
  return { client, user, ...render(<QueryClientProvider client={client}>{element}</QueryClientProvider>) }
}
