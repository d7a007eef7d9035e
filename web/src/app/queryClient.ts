import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError } from '../lib/ApiError.ts'
import { ERROR_NATURES, isSessionLost } from '../lib/errorHandler.ts'
import { setSessionLost } from '../lib/sessionLoss.ts'

/** Reads are repeated twice, and only after what a repetition can cure; writes never by themselves. */
function shouldRepeat(failures: number, error: unknown): boolean {
  return failures < 2 && error instanceof ApiError && ERROR_NATURES[error.code].retryable
}

/** One for the whole app. Whichever call finds the session gone opens the door to sign in again. */
export function makeQueryClient(): QueryClient {
  const onError = (error: unknown) => {
    if (isSessionLost(error)) setSessionLost(true)
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      // A device without internet may stand beside the server. And what somebody pressed while the line was cut must fail
      // now and be theirs to repeat, not go out by itself when the line is back.
      queries: { retry: shouldRepeat, staleTime: 5000, networkMode: 'always', refetchOnReconnect: true },
      mutations: { networkMode: 'always' },
    },
  })
}
