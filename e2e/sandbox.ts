import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import type { SandboxSettings, Script, StateChange } from '../server/src/sandbox/settings.ts'

/**
 * The hand of the tests on what happens outside of the product: it speaks to the sandbox of the server under test, and
 * names a number as its channel is named.
 */
export const sandbox = {
  /** The connection changes as if WhatsApp or the owner of the phone had done so. */
  setState: (name: string, change: StateChange) => tell(name, 'POST', 'state', change),
  /** What happens to the next messages to a number (digits), instead of being taken. */
  script: (name: string, script: Script) => tell(name, 'PUT', 'script', script),
  behave: (name: string, behaviour: SandboxSettings) => tell(name, 'PATCH', 'behaviour', behaviour),
}

async function tell(name: string, method: string, what: string, body: object): Promise<void> {
  const users = (await call('GET', '/sandbox/users')) as { id: string; name: string }[]
  const ids = users.filter((user) => user.name === name).map(({ id }) => id)
  expect(ids, `numbers named ${name}`).toHaveLength(1)
  await call(method, `/sandbox/users/${ids[0]}/${what}`, body)
}

async function call(method: string, path: string, body?: object): Promise<unknown> {
  const directory = process.env['E2E_DIRECTORY']
  if (directory === undefined) throw new Error('E2E_DIRECTORY says where the server under test is.')
  const place = JSON.parse(await readFile(join(directory, 'sandbox', 'sandbox.json'), 'utf8')) as {
    port: number
    adminToken: string
  }
  const answer = await fetch(`http://127.0.0.1:${place.port}${path}`, {
    method,
    headers: { authorization: place.adminToken, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(answer.status, `${method} ${path}`).toBe(200)
  return answer.json()
}
