import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { makeQueryClient } from './app/queryClient.ts'
import { makeRouter } from './app/router.tsx'
import { startI18n } from './lib/i18n.ts'
import './ui/tokens.css'

const element = document.getElementById('root')
if (element === null) throw new Error('index.html has no #root')

await startI18n()
const queryClient = makeQueryClient()
const router = makeRouter(queryClient)

createRoot(element).render(
  <StrictMode>
    {/* The content policy allows no inline styles; our own classes say everything. */}
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
)
