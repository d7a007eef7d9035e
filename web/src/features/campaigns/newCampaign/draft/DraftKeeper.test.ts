import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { CampaignDraft } from '#contract/campaignDrafts.ts'
import { uuid } from '../../../../../test/builders.ts'
import { ApiError } from '../../../../lib/ApiError.ts'
import type { DraftStore } from '../../api/campaignDrafts.ts'
import { newPlan, readPlan } from '../plan/campaignPlan.ts'
import { DraftKeeper } from './DraftKeeper.ts'

const ID = uuid(7)
const LOCAL = `revoada.draft.u1.${ID}`

/** The server, as far as drafts need one: refuses a stale revision with what it holds. */
function makeStore() {
  const server = { draft: null as CampaignDraft | null, down: null as ApiError | null, saves: 0 }
  const store: DraftStore = {
    find: async () => {
      if (server.down !== null) throw server.down
      return server.draft
    },
    save: async (id, data, revision) => {
      if (server.down !== null) throw server.down
      if ((server.draft?.revision ?? 0) !== revision)
        throw new ApiError('CONFLICT', { status: 409, details: { draft: server.draft } })
      server.saves++
      const copy = JSON.parse(JSON.stringify(data)) as Record<string, unknown>
      server.draft = { id, data: copy, revision: revision + 1, updatedAt: '2026-11-23T12:00:00.000Z' }
      return revision + 1
    },
    remove: async () => void (server.draft = null),
  }
  return { server, store }
}

type Server = ReturnType<typeof makeStore>['server']
const nameOn = (server: Server) => (server.draft === null ? null : readPlan(server.draft.data).name)
const open = (store: DraftStore) => DraftKeeper.open({ id: ID, userId: 'u1', store }, newPlan())
/** As a tab would that somebody looks at. */
async function openTab(store: DraftStore) {
  const keeper = await open(store)
  keeper.subscribe(() => undefined)
  return keeper
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

describe('DraftKeeper', () => {
  test('what is typed is on this device at once, on the server a moment later, and then on the server alone', async () => {
    const { server, store } = makeStore()
    const keeper = await openTab(store)
    for (const name of ['P', 'Pr', 'Pro']) keeper.change({ name })
    expect(localStorage.getItem(LOCAL)).toContain('"name":"Pro"')
    expect(server.saves).toBe(0)
    await pass(1000)
    expect([server.saves, nameOn(server), keeper.getState().saving]).toEqual([1, 'Pro', 'saved'])
    expect(localStorage.getItem(LOCAL)).toBeNull()
  })

  test('nothing is asked or stored before the first change', async () => {
    const { server, store } = makeStore()
    await openTab(store)
    await pass(60_000)
    expect([server.saves, localStorage.length]).toEqual([0, 0])
  })

  test('a reload before the save goes on with what was typed, and saves it', async () => {
    const { server, store } = makeStore()
    const first = await openTab(store)
    first.change({ name: 'Pro' })
    server.down = new ApiError('NETWORK')
    await pass(1000)
    server.down = null
    const again = await openTab(store)
    expect(again.getState()).toMatchObject({ plan: { name: 'Pro' }, saving: 'unsaved' })
    await pass(1000)
    expect(nameOn(server)).toBe('Pro')
  })

  test('without the server the work goes on, says so, and is saved when it is back', async () => {
    const { server, store } = makeStore()
    const keeper = await openTab(store)
    server.down = new ApiError('UNAVAILABLE', { status: 503 })
    keeper.change({ name: 'Sem rede' })
    await pass(1000)
    expect(keeper.getState().saving).toBe('failed')
    server.down = null
    await pass(10_000)
    expect([nameOn(server), keeper.getState().saving]).toEqual(['Sem rede', 'saved'])
  })

  test('a draft on the device opens without the server; one that is nowhere here says what is wrong', async () => {
    const { server, store } = makeStore()
    const keeper = await openTab(store)
    server.down = new ApiError('NETWORK')
    keeper.change({ name: 'Aqui' })
    expect((await open(store)).getState().plan.name).toBe('Aqui')
    localStorage.clear()
    await expect(open(store)).rejects.toThrow('NETWORK')
  })

  test('a lost session keeps everything and does not hammer; signing in again saves', async () => {
    const { server, store } = makeStore()
    const onError = vi.fn()
    const keeper = await DraftKeeper.open({ id: ID, userId: 'u1', store, onError }, newPlan())
    keeper.subscribe(() => undefined)
    server.down = new ApiError('UNAUTHENTICATED', { status: 401 })
    keeper.change({ name: 'Sessão' })
    await pass(60_000)
    expect(onError).toHaveBeenCalledTimes(1)
    expect(localStorage.getItem(LOCAL)).toContain('Sessão')
    server.down = null
    keeper.retry()
    await pass(100)
    expect(nameOn(server)).toBe('Sessão')
  })

  test('of two tabs the later one is told, and nothing is overwritten until a person has chosen', async () => {
    const { server, store } = makeStore()
    const [a, b] = [await openTab(store), await openTab(store)]
    a.change({ name: 'Aba A' })
    await pass(1000)
    b.change({ name: 'Aba B' })
    await pass(60_000)
    expect(b.getState()).toMatchObject({
      saving: 'conflict',
      plan: { name: 'Aba B' },
      other: { plan: { name: 'Aba A' } },
    })
    b.change({ name: 'Aba B, ainda' })
    await pass(60_000)
    expect(nameOn(server)).toBe('Aba A')
    b.keepMine()
    await pass(1000)
    expect([nameOn(server), b.getState().saving]).toEqual(['Aba B, ainda', 'saved'])
  })

  test('choosing the other version takes it as it is', async () => {
    const { store } = makeStore()
    const [a, b] = [await openTab(store), await openTab(store)]
    a.change({ name: 'Aba A' })
    await pass(1000)
    b.change({ name: 'Aba B' })
    await pass(1000)
    b.keepTheirs()
    expect(b.getState()).toMatchObject({ saving: 'saved', plan: { name: 'Aba A' } })
    expect(localStorage.getItem(LOCAL)).toBeNull()
    b.change({ name: 'Juntas' })
    await pass(1000)
    expect(b.getState().saving).toBe('saved')
  })

  test('a tab that one comes back to takes over quietly what another one has saved', async () => {
    const { server, store } = makeStore()
    const a = await openTab(store)
    a.change({ name: 'Antes' })
    await pass(1000)
    const b = await openTab(store)
    a.change({ name: 'Depois' })
    await pass(1000)
    await b.look()
    expect(b.getState()).toMatchObject({ saving: 'saved', plan: { name: 'Depois' } })
    expect(nameOn(server)).toBe('Depois')
  })

  test('what was typed while a save was under way is saved after it, not against it', async () => {
    const { server, store } = makeStore()
    let finish = () => undefined as void
    const slow: DraftStore = {
      ...store,
      save: async (...save) => {
        await new Promise<void>((done) => (finish = done))
        return store.save(...save)
      },
    }
    const keeper = await openTab(slow)
    keeper.change({ name: 'Um' })
    await pass(1000)
    keeper.change({ name: 'Dois' })
    await pass(1000)
    finish()
    await pass(0)
    finish()
    await pass(1000)
    expect([nameOn(server), server.saves, keeper.getState().saving]).toEqual(['Dois', 2, 'saved'])
  })

  test('a sent draft is gone here and there, and a late key does not bring it back', async () => {
    const { server, store } = makeStore()
    const keeper = await openTab(store)
    keeper.change({ name: 'Enviada' })
    await pass(1000)
    const other = await openTab(store)
    await keeper.discard()
    keeper.change({ name: 'Tarde' })
    await pass(60_000)
    expect([server.draft, localStorage.length]).toEqual([null, 0])
    other.change({ name: 'Outra aba' })
    await pass(1000)
    expect(other.getState()).toMatchObject({ saving: 'conflict', other: null })
    other.keepMine()
    await pass(1000)
    expect(nameOn(server)).toBe('Outra aba')
  })

  test('one that was sent before its first save has nothing to delete on the server', async () => {
    const { server, store } = makeStore()
    const remove = vi.spyOn(store, 'remove')
    const keeper = await open(store)
    keeper.change({ name: 'Depressa' })
    await keeper.discard()
    await pass(60_000)
    expect([remove.mock.calls.length, server.saves, localStorage.length]).toEqual([0, 0, 0])
  })
})
