import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { z } from 'zod'
import type {
  backupCodes,
  changeEmailBody,
  changePasswordBody,
  Me,
  Proof,
  SecondFactorOffer,
  SecondFactorState,
} from '#contract/auth.ts'
import { apiClient } from '../../../lib/apiClient.ts'
import { sessionsKey } from './sessions.ts'

/*
 * Every body here holds a password or a code, and some answers a secret: none of them may stay in the cache of
 * mutations, so `gcTime` is 0 everywhere.
 */
const SECOND_FACTOR = '/api/user/second-factor'

export const secondFactorQuery = queryOptions({
  queryKey: ['second-factor'],
  queryFn: ({ signal }) => apiClient.get<SecondFactorState>(SECOND_FACTOR, { signal }),
})

type PasswordChange = z.infer<typeof changePasswordBody>
type EmailChange = z.infer<typeof changeEmailBody>

/** Sets a new password; every other session ends. */
export function useChangePassword(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: PasswordChange) => apiClient.post('/api/user/password', body),
    gcTime: 0,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: sessionsKey })
      onSuccess()
    },
  })
}

/** Changes the e-mail that signs in; every other session ends. Gives who is signed in, as they are now. */
export function useChangeEmail(onSuccess: (me: Me) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: EmailChange) => apiClient.post<Me>('/api/user/email', body),
    gcTime: 0,
    onSuccess: (me) => {
      void client.invalidateQueries({ queryKey: sessionsKey })
      onSuccess(me)
    },
  })
}

/** Asks for a secret to enrol with. */
export function useOfferSecondFactor() {
  return useMutation({
    mutationFn: (proof: Proof) => apiClient.post<SecondFactorOffer>(SECOND_FACTOR, proof),
    gcTime: 0,
  })
}

/** Turns it on with a code of the app. */
export function useConfirmSecondFactor() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (code: string) => apiClient.post<z.infer<typeof backupCodes>>(`${SECOND_FACTOR}/confirm`, { code }),
    gcTime: 0,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: sessionsKey })
    },
  })
}

export function useTurnSecondFactorOff(onSuccess: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (proof: Proof) => apiClient.post(`${SECOND_FACTOR}/off`, proof),
    gcTime: 0,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: secondFactorQuery.queryKey })
      onSuccess()
    },
  })
}
