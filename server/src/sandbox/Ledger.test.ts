import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Ledger, ONCE } from './Ledger.ts'

let directory: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'revoada-ledger-'))
  file = join(directory, 'ledger.jsonl')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const entry = { user: 'u1', number: '5511988887777', messageId: 'A', bodySha256: 'aa', type: 'text' }

test('an accepted line is in the file when its message is confirmed', async () => {
  const ledger = await Ledger.open(directory)
  ledger.recordRead(entry)
  const lines = await new Promise<string>((resolve, reject) => {
    ledger.recordAcceptance(entry, 'sent', (error) => {
      if (error === null) void readFile(file, 'utf8').then(resolve, reject)
      else reject(error)
    })
  })
  expect(
    lines
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind),
  ).toEqual(['read', 'accepted'])
  ledger.close()
})

test('what was accepted and what failed once is known after the next start', async () => {
  const first = await Ledger.open(directory)
  first.recordRead(entry)
  await accept(first, entry)
  first.recordRefusal({ ...entry, messageId: 'B' }, `${ONCE}server returned error 503`)
  first.recordRefusal({ ...entry, messageId: 'C' }, 'server returned error 429')
  first.close()
  const second = await Ledger.open(directory)
  expect(['A', 'B', 'C'].map((id) => second.hasHadItsFailure('u1', id))).toEqual([true, true, false])
  expect(await accept(second, { ...entry, bodySha256: 'bb' })).toBe(true)
  expect(second.summarize('u1')).toEqual({
    read: 1,
    accepted: 2,
    distinctAccepted: 1,
    duplicates: 1,
    changedBodies: 1,
    recipients: 1,
  })
  expect(second.summarize('u2')).toMatchObject({ read: 0, accepted: 0 })
  second.close()
  const third = await Ledger.open(directory)
  expect(third.summarize('u1')).toEqual(second.summarize('u1'))
  third.close()
})

test('half a line at the end, left by a crash, is dropped', async () => {
  const first = await Ledger.open(directory)
  await accept(first, entry)
  first.close()
  await appendFile(file, '{"t":"2026-01-01T00:00:00.000Z","kind":"accepted","user":"u1","numb')
  const second = await Ledger.open(directory)
  await accept(second, { ...entry, messageId: 'B' })
  second.close()
  const ids = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { messageId: string }).messageId)
  expect(ids).toEqual(['A', 'B'])
})

test('names with quotes cannot pass for another user or kind', async () => {
  const ledger = await Ledger.open(directory)
  ledger.recordRead({ ...entry, messageId: '"user":"u2","kind":"accepted"' })
  ledger.recordRead({ ...entry, user: 'u2' })
  const ofSecond = []
  for await (const line of ledger.readLines({ user: 'u2', kind: null })) ofSecond.push(line)
  expect(ofSecond).toHaveLength(1)
  for await (const line of ledger.readLines({ user: null, kind: 'accepted' })) expect(line).toBe('nothing accepted')
  ledger.close()
})

function accept(ledger: Ledger, accepted: typeof entry): Promise<boolean> {
  return new Promise((resolve, reject) => {
    ledger.recordAcceptance(accepted, 'sent', (error, duplicate) =>
      error === null ? resolve(duplicate) : reject(error),
    )
  })
}
