import { describe, expect, test, vi } from 'vitest'
import { refusal, stubApi } from '../../test/stubApi.ts'
import { ApiError } from './ApiError.ts'
import { apiClient } from './apiClient.ts'

async function errorOf(call: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ApiError)) throw new Error('expected an ApiError')
  return error
}

describe('apiClient', () => {
  test('a refusal arrives with its code, status and the seconds to wait', async () => {
    stubApi({ 'POST /api/x': () => refusal('RATE_LIMIT', { 'retry-after': '7' }) })
    expect(await errorOf(apiClient.post('/api/x', {}))).toMatchObject({
      code: 'RATE_LIMIT',
      status: 429,
      retryAfterS: 7,
    })
  })

  test('no answer at all is NETWORK', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    expect(await errorOf(apiClient.get('/api/x'))).toMatchObject({ code: 'NETWORK', status: 0 })
  })

  test('a page of some proxy instead of our JSON is UNREADABLE_ANSWER', async () => {
    vi.stubGlobal('fetch', async () => new Response('<h1>502 Bad Gateway</h1>', { status: 502 }))
    expect(await errorOf(apiClient.get('/api/x'))).toMatchObject({ code: 'UNREADABLE_ANSWER', status: 502 })
  })

  test('an unknown code is not trusted', async () => {
    stubApi({ 'GET /api/x': () => ({ status: 418, body: { error: { code: 'TEAPOT', message: 'x' } } }) })
    expect((await errorOf(apiClient.get('/api/x'))).code).toBe('UNREADABLE_ANSWER')
  })

  test('a call without a body sends none and claims no type', async () => {
    const calls = stubApi({ 'POST /api/x/pause': () => ({ body: { ok: true } }) })
    await apiClient.post('/api/x/pause')
    expect(calls[0]?.body).toBeUndefined()
    expect(calls[0]?.headers.has('content-type')).toBe(false)
  })

  test('an empty answer is undefined', async () => {
    stubApi({ 'DELETE /api/x': () => ({ status: 204 }) })
    expect(await apiClient.delete('/api/x')).toBeUndefined()
  })
})
