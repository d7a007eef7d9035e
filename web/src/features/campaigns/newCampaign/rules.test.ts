import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCampaignBody } from '#contract/campaigns.ts'
import { RECIPIENT_STATUSES, totalOf, type Counts } from '#contract/states.ts'
import { buildChannel, buildStats, uuid } from '../../../../test/builders.ts'
import { balanceOf, BAR_ORDER, BOOK_GROUPS } from '../books.ts'
import { campaignFormSchema, EMPTY_FORM, readDraft, toBody } from './campaignForm.ts'
import { estimateDuration } from './estimateDuration.ts'
import { fillSample, plainName, variablesOf } from './variables.ts'

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
  test('is the mean pause for everyone after the first', () => {
    expect(estimateDuration({ people: 101, delayMin: 8, delayMax: 12, channelMinDelay: 0 })).toBe(1000)
    expect(estimateDuration({ people: 1, delayMin: 8, delayMax: 12, channelMinDelay: 0 })).toBe(0)
    expect(estimateDuration({ people: 0, delayMin: 8, delayMax: 12, channelMinDelay: 0 })).toBe(0)
  })

  test('knows that the channel never goes below its own pause', () => {
    expect(estimateDuration({ people: 101, delayMin: 0, delayMax: 4, channelMinDelay: 20 })).toBe(2000)
    expect(estimateDuration({ people: 2, delayMin: 0, delayMax: 4, channelMinDelay: 2 })).toBe(2.5)
  })
})

describe('variables', () => {
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

  test('the preview fills in what it knows, falls back, and names the rest', () => {
    const text = 'Oi {{ nome }}! {{apelido | default: "amigo"}} {{cidade}} {{ nome'
    expect(fillSample(text, { nome: 'Ana' })).toBe('Oi Ana! amigo [cidade] {{ nome')
  })
})

describe('campaign form', () => {
  const channel = buildChannel()
  const form = { ...EMPTY_FORM, name: 'x', typed: '11987654321', content: 'Oi', channelId: channel.id }
  const messagesOf = (input: typeof form, channels = [channel]) =>
    campaignFormSchema(channels)
      .safeParse(input)
      .error?.issues.map(({ path, message }) => [path[0], message]) ?? []

  test('what the form accepts is what the contract accepts', () => {
    expect(messagesOf(form)).toEqual([])
    expect(createCampaignBody.safeParse(toBody(form, true)).error).toBeUndefined()
    expect(
      createCampaignBody.safeParse(toBody({ ...form, typed: '', importIds: [uuid(1)] }, false)).error,
    ).toBeUndefined()
  })

  test('nobody to write to, a pause too short for a real number, or a range upside down are refused', () => {
    expect(messagesOf({ ...form, typed: ' ' })).toEqual([['typed', 'recipientsMissing']])
    expect(messagesOf({ ...form, delayMin: 2 })).toEqual([['delayMin', 'delayTooShort|5']])
    expect(messagesOf({ ...form, delayMax: 6 })).toEqual([['delayMax', 'maxBelowMin']])
    expect(messagesOf({ ...form, delayMin: 0, delayMax: 0 }, [buildChannel({ gateway: 'sandbox' })])).toEqual([])
  })

  test('a draft with one broken field keeps the others', () => {
    expect(readDraft({ ...form, delayMin: null, importIds: 'x' })).toEqual({ ...form, delayMin: EMPTY_FORM.delayMin })
    for (const broken of [null, 'x', 3, []]) expect(readDraft(broken)).toEqual(EMPTY_FORM)
  })
})
