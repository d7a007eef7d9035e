import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCampaignBody } from '#contract/campaigns.ts'
import { plainName } from '#contract/plainName.ts'
import { RECIPIENT_STATUSES, totalOf, type Counts } from '#contract/states.ts'
import { buildChannel, buildStats, uuid } from '../../../../../test/builders.ts'
import { variablesOf } from '../../../../lib/variablesOf.ts'
import { balanceOf, BAR_ORDER, BOOK_GROUPS } from '../../books.ts'
import { audienceBody } from './audienceBody.ts'
import { newMessage, newPlan, readPlan, type CampaignPlan } from './campaignPlan.ts'
import { estimateDuration } from './estimateDuration.ts'
import { findProblems, readyMessages } from './findProblems.ts'
import { fromMessage } from './fromMessage.ts'
import { requestKey, toBody } from './planBody.ts'

const anyCounts = fc.record(
  Object.fromEntries(RECIPIENT_STATUSES.map((status) => [status, fc.nat(1_000_000)])) as Record<
    keyof Counts,
    fc.Arbitrary<number>
  >,
)

describe('the books on screen', () => {
  test('bar and legend hold every state exactly once', () => {
    const all = [...RECIPIENT_STATUSES].sort()
    expect([...BAR_ORDER].sort()).toEqual(all)
    expect(BOOK_GROUPS.flatMap((group): string[] => [...group.states]).sort()).toEqual(all)
  })

  test('the final balance adds up to the total, whatever the books hold', () => {
    fc.assert(
      fc.property(anyCounts, (counts) => {
        expect(balanceOf(counts).reduce((sum, part) => sum + part.count, 0)).toBe(totalOf(buildStats(counts)))
      }),
    )
  })
})

describe('estimateDuration', () => {
  const pace = { people: 101, delayMin: 8, delayMax: 12, channelMinDelay: 0 }

  test('is the mean pause for everyone after the first', () => {
    expect(estimateDuration(pace)).toBe(1000)
    expect(estimateDuration({ ...pace, people: 1 })).toBe(0)
    expect(estimateDuration({ ...pace, people: 0 })).toBe(0)
  })

  test('knows that the channel never goes below its own pause', () => {
    expect(estimateDuration({ ...pace, delayMin: 0, delayMax: 4, channelMinDelay: 20 })).toBe(2000)
    expect(estimateDuration({ people: 2, delayMin: 0, delayMax: 4, channelMinDelay: 2 })).toBe(2.5)
  })

  test('counts every message of a sequence, and the pause before the last one once', () => {
    expect(estimateDuration({ ...pace, people: 50, between: [60] })).toBe(99 * 10 + 60)
  })
})

test('columns become names that a text can hold, each once', () => {
  expect(plainName('Código Postal')).toBe('codigo_postal')
  expect(variablesOf(['Nome', 'Código Postal', 'codigo postal', '', '2ª via'])).toEqual([
    'nome',
    'primeiro_nome',
    'telefone',
    'saudacao',
    'data',
    'codigo_postal',
  ])
})

describe('a campaign plan', () => {
  const channel = buildChannel()
  const plan = newPlan({
    name: 'x',
    typed: '11987654321',
    messages: [newMessage({ content: 'Oi' })],
    channelId: channel.id,
  })
  const namesOf = (change: Partial<CampaignPlan>, channels = [channel]) =>
    findProblems({ ...plan, ...change }, channels).map(({ field, name }) => `${field} ${name}`)

  test('without problems is what the contract accepts, whatever it holds', () => {
    const variants: Partial<CampaignPlan>[] = [
      {},
      { typed: '', importIds: [uuid(1)], groupIds: [uuid(2)], tagIds: [uuid(3)], excludeCampaignIds: [uuid(4)] },
      { starts: 'later', startsAt: '2027-01-05T09:00', timeZone: 'America/Manaus' },
      { window: { on: true, startTime: '22:00', endTime: '06:00', days: [5, 1] }, unknownPolicy: 'hold' },
      { cap: { on: true, count: 2, days: 7 }, autoResume: true },
      {
        messages: [
          newMessage({ type: 'image', mediaId: uuid(5), content: '', textFallback: 'Sem foto' }),
          newMessage({ type: 'audio', mediaId: uuid(6), delaySeconds: 1.5 }),
          newMessage({ type: 'document', mediaId: uuid(7), fileName: 'preços.pdf', content: 'Preços' }),
          newMessage({ type: 'template', template: { type: 'template', name: 'oi', language: 'pt_BR' } }),
        ],
      },
    ]
    for (const change of variants) {
      expect(namesOf(change)).toEqual([])
      for (const start of [true, false]) {
        expect(createCampaignBody.safeParse(toBody({ ...plan, ...change }, start)).error).toBeUndefined()
      }
    }
  })

  test('names what is missing, step by step', () => {
    expect(namesOf({ name: ' ', typed: '' })).toEqual(['name nameMissing', 'typed recipientsMissing'])
    expect(
      namesOf({ messages: [newMessage({ content: ' ' }), newMessage({ type: 'video', delaySeconds: null })] }),
    ).toEqual(['messages.0.content textMissing', 'messages.1.media fileMissing', 'messages.1.delay delayBeforeInvalid'])
    expect(namesOf({ delayMin: 2 })).toEqual(['delayMin delayTooShort'])
    expect(namesOf({ delayMax: 6 })).toEqual(['delayMax maxBelowMin'])
    expect(namesOf({ delayMin: 0, delayMax: 0 }, [buildChannel({ gateway: 'sandbox' })])).toEqual([])
    expect(namesOf({ channelId: uuid(99) })).toEqual(['channelId channelMissing'])
    expect(namesOf({ starts: 'later' })).toEqual(['startsAt timeMissing'])
    expect(namesOf({ window: { on: true, startTime: '08:00', endTime: '20:00', days: [] } })).toEqual([
      'window windowDays',
    ])
    expect(namesOf({ cap: { on: true, count: null, days: 7 } })).toEqual(['cap capIncomplete'])
    const many = Array.from({ length: 501 }, (_, i) => `1198${1_000_000 + i}`).join('\n')
    expect(namesOf({ typed: many })).toEqual(['typed typedTooMany'])
  })

  test('a time starts it by itself; prepared only, it waits for a person', () => {
    const later = { ...plan, starts: 'later' as const, startsAt: '2027-01-05T09:00' }
    expect(toBody(later, true)).toMatchObject({ start: false, scheduledAt: '2027-01-05T09:00' })
    expect(toBody(later, false)).not.toHaveProperty('scheduledAt')
    expect(toBody(plan, true)).toMatchObject({ start: true })
  })

  test('the same draft asked for twice has one key, and any change another', () => {
    const key = requestKey(uuid(1), toBody(plan, true))
    expect(requestKey(uuid(1), toBody({ ...plan }, true))).toBe(key)
    expect(requestKey(uuid(1), toBody({ ...plan, name: 'y' }, true))).not.toBe(key)
    expect(requestKey(uuid(2), toBody(plan, true))).not.toBe(key)
    expect(key).toMatch(/^[\x21-\x7e]{1,255}$/)
  })

  test('who that would be can be asked before anything else is written', () => {
    const body = audienceBody(newPlan({ typed: '11987654321', cap: { on: true, count: null, days: 3 } }), [channel])
    expect(createCampaignBody.safeParse(body).error).toBeUndefined()
    expect(audienceBody(newPlan(), [channel])).toBeNull()
    expect(audienceBody(newPlan({ typed: '11987654321' }), [])).toBeNull()
  })

  test('a stored plan with one broken field keeps the others', () => {
    const stored = { ...plan, delayMin: 'x', importIds: 3, window: null, messages: 'none', unheardOf: 1 }
    const read = readPlan(JSON.parse(JSON.stringify(stored)))
    expect(read).toMatchObject({ name: 'x', typed: '11987654321', delayMin: 8, importIds: [], channelId: channel.id })
    expect(read.messages).toHaveLength(1)
    for (const broken of [null, 'x', 3, []]) expect(readPlan(broken).name).toBe('')
  })

  test('messages of a saved template come back as they went out', () => {
    const messages = [
      { type: 'text' as const, content: 'Oi' },
      { type: 'image' as const, mediaId: uuid(5), content: 'Veja', textFallback: 'Sem foto', delayBeforeMs: 1500 },
      { type: 'template' as const, name: 'oi', language: 'pt_BR', body: [{ text: '{{nome}}' }], delayBeforeMs: 0 },
    ]
    expect(readyMessages({ ...plan, messages: messages.map(fromMessage) })).toEqual(messages)
  })
})
