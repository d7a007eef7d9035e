import { expect, test } from 'vitest'
import { classifySafely } from './gatewayFailures.ts'

test('a classifier that throws leaves the meaning of the status, and an open fate', () => {
  const broken = () => {
    throw new Error('broken')
  }
  expect(classifySafely(401, broken)).toMatchObject({ category: 'UNAUTHORIZED', scope: 'channel', permanent: false })
  expect(classifySafely(429, broken)).toMatchObject({ category: 'RATE_LIMIT', scope: 'channel' })
  expect(classifySafely(503, broken)).toMatchObject({ category: 'SERVER_BUSY', fate: 'maybe' })
  expect(classifySafely(500, broken)).toMatchObject({ category: 'API_ERROR', fate: 'maybe' })
})
