import { act, renderHook } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { useSettled } from './useSettled.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const pass = (ms: number) => act(() => void vi.advanceTimersByTime(ms))

function settle<T>(value: T, quietMs = 300) {
  const hook = renderHook((props: { value: T; quietMs: number }) => useSettled(props.value, props.quietMs), {
    initialProps: { value, quietMs },
  })
  return {
    now: () => hook.result.current,
    put: (next: T, nextQuietMs = quietMs) => hook.rerender({ value: next, quietMs: nextQuietMs }),
  }
}

test('a value counts once nothing has changed for so long', () => {
  const { now, put } = settle('')
  put('a')
  pass(299)
  put('ab')
  pass(299)
  expect(now()).toBe('')
  pass(1)
  expect(now()).toBe('ab')
})

test('the same things in a new object are no change: the wait goes on', () => {
  const { now, put } = settle({ text: '' })
  put({ text: 'a' })
  pass(200)
  put({ text: 'a' })
  pass(100)
  expect(now()).toEqual({ text: 'a' })
})

test('what goes back to what it was does not change at all', () => {
  const first = { text: '' }
  const { now, put } = settle(first)
  put({ text: 'a' })
  pass(100)
  put({ text: '' })
  pass(1000)
  expect(now()).toBe(first)
  expect(vi.getTimerCount()).toBe(0)
})

test('a shorter wait holds from the change that brings it', () => {
  const { now, put } = settle('11987654321', 500)
  put('', 0)
  pass(0)
  expect(now()).toBe('')
})
