import type { CampaignDraft } from '#contract/campaignDrafts.ts'
import { ApiError } from '../../../../lib/ApiError.ts'
import { ERROR_NATURES } from '../../../../lib/errorHandler.ts'
import { readStoredJson, removeStored, writeStored } from '../../../../lib/storage.ts'
import type { DraftStore } from '../../api/campaignDrafts.ts'
import { readPlan, type CampaignPlan } from '../plan/campaignPlan.ts'

const SAVE_AFTER_MS = 700
const TRY_AGAIN_MS = 8000

/**
 * `new`: nothing typed yet. `unsaved`: on this device only, a save is due or under way. `saved`: the server has it.
 * `failed`: the server could not be told, and is asked again. `conflict`: it was changed elsewhere meanwhile, and a
 * person says which to keep; until then nothing is sent.
 */
export type DraftState = {
  plan: CampaignPlan
  saving: 'new' | 'unsaved' | 'saved' | 'failed' | 'conflict'
  error: unknown
  /** What the server holds instead; null where it was sent or deleted. */
  other: { plan: CampaignPlan; updatedAt: string; revision: number } | null
}

type LocalCopy = { plan: CampaignPlan; revision: number }
type Options = { id: string; userId: string; store: DraftStore; onError?: (error: unknown) => void }

/**
 * One unfinished campaign: every change is on this device at once and on the server a moment later. The copy on the
 * device goes when the server has it, so that phone numbers are not left behind.
 */
export class DraftKeeper {
  readonly id: string
  readonly #store: DraftStore
  readonly #key: string
  readonly #onError: (error: unknown) => void
  readonly #listeners = new Set<() => void>()
  #state: DraftState
  /** What the server held when we last heard of it. */
  #revision: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #saving: Promise<void> | null = null
  /** A save has left: the server may have it, whatever became of the answer. */
  #wasSent = false
  /** Sent or thrown away: nothing more is saved. */
  #closed = false

  private constructor({ id, userId, store, onError }: Options, state: DraftState, revision: number) {
    this.id = id
    this.#store = store
    this.#key = localKey(userId, id)
    this.#onError = onError ?? (() => undefined)
    this.#state = state
    this.#revision = revision
  }

  /**
   * The draft as it was left: on the server, or on this device where that is newer. `fresh` is for an id that nobody
   * has used. Throws `ApiError` where the server cannot be asked and nothing is here.
   */
  static async open(options: Options, fresh: CampaignPlan): Promise<DraftKeeper> {
    const local = readLocal(localKey(options.userId, options.id))
    const stored = await options.store.find(options.id).catch((error: unknown) => {
      if (local === null) throw error
      return 'unknown' as const
    })
    if (local === null) {
      if (stored === null || stored === 'unknown') return DraftKeeper.fresh(options, fresh)
      return new DraftKeeper(options, stateOf(readPlan(stored.data), 'saved'), stored.revision)
    }
    const keeper = new DraftKeeper(options, stateOf(local.plan, 'unsaved'), local.revision)
    if (stored === 'unknown' || (stored?.revision ?? 0) <= local.revision) keeper.#saveLater(0)
    else keeper.#meet(stored)
    return keeper
  }

  static fresh(options: Options, plan: CampaignPlan): DraftKeeper {
    return new DraftKeeper(options, stateOf(plan, 'new'), 0)
  }

  getState = (): DraftState => this.#state

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  change(change: Partial<CampaignPlan>): void {
    if (this.#closed) return
    const plan = { ...this.#state.plan, ...change }
    this.#keepHere(plan)
    if (this.#state.saving === 'conflict') return this.#show({ plan })
    this.#show({ plan, saving: 'unsaved' })
    this.#saveLater(SAVE_AFTER_MS)
  }

  /** Tries now what failed before: the network or the session is back. */
  retry(): void {
    if (this.#state.saving === 'failed' || this.#state.saving === 'unsaved') this.#saveLater(0)
  }

  /** Looks whether another tab went on with it. Whoever has typed nothing since gets the newer one quietly. */
  async look(): Promise<void> {
    if (this.#closed || this.#saving !== null || this.#state.saving === 'new') return
    const stored = await this.#store.find(this.id).catch(() => null)
    if (stored === null || stored.revision <= this.#revision || this.#saving !== null) return
    if (this.#state.saving === 'saved') this.#take(stored)
    else this.#meet(stored)
  }

  /** Of the two, what is on this page. */
  keepMine(): void {
    this.#revision = this.#state.other?.revision ?? 0
    this.#show({ other: null, saving: 'unsaved' })
    this.#keepHere(this.#state.plan)
    this.#saveLater(0)
  }

  /** Of the two, what the server has. */
  keepTheirs(): void {
    const { other } = this.#state
    if (other === null) return
    this.#revision = other.revision
    removeStored(this.#key)
    this.#show({ plan: other.plan, saving: 'saved', other: null })
  }

  /** It was sent, or nobody wants it: gone here and there. */
  async discard(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    removeStored(this.#key)
    await this.#saving
    if (this.#revision > 0 || this.#wasSent) await this.#store.remove(this.id)
  }

  /** The page goes away: what is due is saved now, not in a moment. */
  flush(): void {
    if (this.#state.saving === 'unsaved') this.#saveLater(0)
  }

  #saveLater(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#save(), ms)
  }

  /** One at a time: a second save under the same revision would be a conflict with ourselves. */
  async #save(): Promise<void> {
    while (this.#saving !== null) await this.#saving
    if (this.#closed || this.#state.saving === 'conflict' || this.#state.saving === 'saved') return
    this.#saving = this.#saveOnce().finally(() => (this.#saving = null))
    await this.#saving
  }

  async #saveOnce(): Promise<void> {
    const { plan } = this.#state
    this.#wasSent = true
    try {
      this.#revision = await this.#store.save(this.id, plan, this.#revision)
    } catch (error) {
      return this.#fail(error)
    }
    const isAll = this.#state.plan === plan
    if (isAll) removeStored(this.#key)
    else this.#keepHere(this.#state.plan)
    this.#show({ saving: isAll ? 'saved' : 'unsaved', error: null })
  }

  #fail(error: unknown): void {
    this.#onError(error)
    if (error instanceof ApiError && error.code === 'CONFLICT') return this.#meet(draftIn(error.details))
    this.#show({ saving: 'failed', error })
    const isPassing = error instanceof ApiError && ERROR_NATURES[error.code].retryable
    // Somebody looks; otherwise the copy on this device waits for them.
    if (isPassing && this.#listeners.size > 0) this.#saveLater(TRY_AGAIN_MS)
  }

  #meet(stored: CampaignDraft | null): void {
    const other = stored && { plan: readPlan(stored.data), updatedAt: stored.updatedAt, revision: stored.revision }
    this.#show({ saving: 'conflict', other, error: null })
  }

  #take(stored: CampaignDraft): void {
    this.#revision = stored.revision
    this.#show({ plan: readPlan(stored.data), saving: 'saved' })
  }

  #keepHere(plan: CampaignPlan): void {
    writeStored(this.#key, JSON.stringify({ plan, revision: this.#revision } satisfies LocalCopy))
  }

  #show(change: Partial<DraftState>): void {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}

function stateOf(plan: CampaignPlan, saving: DraftState['saving']): DraftState {
  return { plan, saving, error: null, other: null }
}

function localKey(userId: string, id: string): string {
  return `draft.${userId}.${id}`
}

function readLocal(key: string): LocalCopy | null {
  const stored = readStoredJson(key)
  if (typeof stored !== 'object' || stored === null || !('plan' in stored)) return null
  const revision = 'revision' in stored && typeof stored.revision === 'number' ? stored.revision : 0
  return { plan: readPlan(stored.plan), revision }
}

/** The 409 brings what is stored along; null where it is gone. */
function draftIn(details: unknown): CampaignDraft | null {
  if (typeof details !== 'object' || details === null || !('draft' in details)) return null
  return details.draft as CampaignDraft | null
}
