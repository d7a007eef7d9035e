import { useState } from 'react'
import { importChoice, type ColumnMapping, type ImportChoice } from '#contract/imports.ts'
import { readStoredJson, removeStored, writeStored } from '../../../lib/storage.ts'

const KEY = 'importChoice.'

/** Like the contract's, but while columns are chosen there may be no phone for a moment. */
const draft = importChoice.extend({ mapping: importChoice.shape.mapping.catch(undefined) })
export type MappingDraft = Omit<ImportChoice, 'mapping'> & { mapping?: ColumnMapping | undefined }

/** What was chosen for a file that waits, kept on this device until the file is imported or cancelled. */
export function useMappingDraft(importId: string) {
  const [choice, setChoice] = useState<MappingDraft>(() => draft.safeParse(readStoredJson(KEY + importId)).data ?? {})
  const change = (next: MappingDraft) => {
    setChoice(next)
    writeStored(KEY + importId, JSON.stringify(next))
  }
  return { choice, change, startOver: () => change({}) }
}

export function forgetMapping(importId: string): void {
  removeStored(KEY + importId)
}
