import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { isSessionLost } from '../../../../lib/errorHandler.ts'
import { setSessionLost, useSessionLost } from '../../../../lib/sessionLoss.ts'
import { draftsQuery, draftStore } from '../../api/campaignDrafts.ts'
import { newPlan, type CampaignPlan } from '../plan/campaignPlan.ts'
import { DraftKeeper, type DraftState } from './DraftKeeper.ts'

export type OpenDraft = { keeper: DraftKeeper } | { keeper: null; error: unknown; retry: () => void }

type Options = { id: string; userId: string; isNew: boolean; start: Partial<CampaignPlan> }

/** Opens the draft `id`; `keeper` is null while it is on its way, and `error` says why it did not come. */
export function useOpenDraft({ id, userId, isNew, start }: Options): OpenDraft {
  const client = useQueryClient()
  // What it begins with is of the first moment: later it is what was typed.
  const [plan] = useState(() => newPlan(start))
  const [keeper, setKeeper] = useState<DraftKeeper | null>(() =>
    isNew ? DraftKeeper.fresh(optionsOf(id, userId), plan) : null,
  )
  const [error, setError] = useState<unknown>(null)
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    if (keeper !== null) return
    let isWanted = true
    DraftKeeper.open(optionsOf(id, userId), plan)
      .then((opened) => isWanted && setKeeper(opened))
      .catch((cause: unknown) => {
        if (isWanted) setError(cause)
        askForSession(cause)
      })
    return () => void (isWanted = false)
  }, [attempt, id, userId, plan, keeper])
  useEffect(() => {
    if (keeper === null) return
    return () => {
      keeper.flush()
      void client.invalidateQueries({ queryKey: draftsQuery.queryKey })
    }
  }, [keeper, client])
  if (keeper !== null) return { keeper }
  const retry = () => {
    setError(null)
    setAttempt((count) => count + 1)
  }
  return { keeper: null, error, retry }
}

/** The draft as it stands now; goes on saving when network or session are back, and sees what other tabs did. */
export function useDraftState(keeper: DraftKeeper): DraftState {
  const isSessionGone = useSessionLost()
  useEffect(() => {
    if (!isSessionGone) keeper.retry()
  }, [keeper, isSessionGone])
  useEffect(() => {
    const online = () => keeper.retry()
    const seen = () => document.visibilityState === 'visible' && void keeper.look()
    window.addEventListener('online', online)
    document.addEventListener('visibilitychange', seen)
    return () => {
      window.removeEventListener('online', online)
      document.removeEventListener('visibilitychange', seen)
    }
  }, [keeper])
  return useSyncExternalStore(keeper.subscribe, keeper.getState)
}

function optionsOf(id: string, userId: string) {
  return { id, userId, store: draftStore, onError: askForSession }
}

function askForSession(error: unknown): void {
  if (isSessionLost(error)) setSessionLost(true)
}
