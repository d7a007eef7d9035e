import { describe, expect, it } from 'vitest'
import { CAMPAIGN_STATUSES, PAUSE_REASONS, RECIPIENT_STATUSES } from '#contract/states.ts'
import { messageStateOf, type StateFacts } from './messageState.ts'

const facts = (changes: Partial<StateFacts>): StateFacts => ({
  status: 'running',
  pauseReason: null,
  recipient: 'pending',
  maybeSent: false,
  heldReason: null,
  ...changes,
})
const stateOf = (changes: Partial<StateFacts>) => {
  const { state, reason } = messageStateOf(facts(changes))
  return [state, reason]
}

describe('the state of a message', () => {
  it.each<[string, Partial<StateFacts>, [string, string | null]]>([
    ['has its time ahead', { status: 'scheduled' }, ['scheduled', null]],
    ['missed its time', { status: 'paused', pauseReason: 'missed' }, ['missed', null]],
    ['waits for its turn', {}, ['waiting', null]],
    ['waits for its number', { heldReason: 'disconnected' }, ['waiting', 'disconnected']],
    ['waits for its next attempt', { recipient: 'retrying' }, ['waiting', 'retry']],
    [
      'waits for its number before the attempt',
      { recipient: 'retrying', heldReason: 'unauthorized' },
      ['waiting', 'unauthorized'],
    ],
    ['is on its way', { recipient: 'sending' }, ['sending', null]],
    ['is cancelled while on its way', { status: 'cancelled', recipient: 'sending' }, ['sending', null]],
    ['is cancelled before it went', { status: 'cancelled' }, ['cancelled', null]],
    [
      'is cancelled when it may have gone',
      { status: 'cancelled', recipient: 'retrying', maybeSent: true },
      ['unknown', null],
    ],
    ['went out before the cancel', { status: 'cancelled', recipient: 'sent' }, ['sent', null]],
    ['was read', { status: 'completed', recipient: 'read' }, ['read', null]],
    ['could not be sent', { status: 'completed', recipient: 'failed' }, ['failed', null]],
    ['was left out', { status: 'completed', recipient: 'skipped' }, ['failed', null]],
    ['can never run', { status: 'failed' }, ['failed', null]],
  ])('when it %s', (_when, changes, expected) => {
    expect(stateOf(changes)).toEqual(expected)
  })

  it('is decided by the recipient alone once its fate is known, whatever plan and channel say', () => {
    for (const recipient of RECIPIENT_STATUSES) {
      if (recipient === 'pending' || recipient === 'retrying' || recipient === 'sending') continue
      for (const status of CAMPAIGN_STATUSES) {
        for (const heldReason of PAUSE_REASONS) {
          expect(stateOf({ recipient, status, heldReason })).toEqual([
            recipient === 'skipped' ? 'failed' : recipient,
            null,
          ])
        }
      }
    }
  })
})
