import { useEffect } from 'react'
import type { UseFormReturn } from 'react-hook-form'
import { readStoredJson, removeStored, writeStored } from '../../../lib/storage.ts'
import { readDraft, type CampaignForm } from './campaignForm.ts'

const KEY = 'newCampaign.'
const SAVE_AFTER_MS = 300

/** The draft of this user on this device. It holds phone numbers and a text, no secrets. */
export function loadDraft(userId: string): CampaignForm {
  return readDraft(readStoredJson(KEY + userId))
}

export function discardDraft(userId: string): void {
  removeStored(KEY + userId)
}

/** Keeps what is typed, so that a reload, a crash or the way back loses nothing. */
export function useSaveDraft(userId: string, form: UseFormReturn<CampaignForm>): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let unsaved = false
    const save = () => {
      clearTimeout(timer)
      if (unsaved) writeStored(KEY + userId, JSON.stringify(form.getValues()))
      unsaved = false
    }
    const stopListening = form.subscribe({
      formState: { values: true },
      callback: () => {
        unsaved = true
        clearTimeout(timer)
        timer = setTimeout(save, SAVE_AFTER_MS)
      },
    })
    window.addEventListener('pagehide', save)
    return () => {
      stopListening()
      window.removeEventListener('pagehide', save)
      save()
    }
  }, [userId, form])
}
