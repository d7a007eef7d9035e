import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

type Line = { kind: 'read' | 'accepted' | 'refused'; number: string; messageId: string; duplicate?: true }

/**
 * The ids of the messages that the sandbox took for a number, each once; from its own ledger, not from the product.
 * `directory`: of a server that is not the one of all tests.
 */
export async function acceptedBy(phone: string, directory = process.env['E2E_DIRECTORY']): Promise<string[]> {
  const lines = await readLedger(directory)
  const digits = phone.replace(/\D/g, '')
  return [...new Set(lines.filter((line) => line.kind === 'accepted' && line.number === digits).map(idOf))]
}

function idOf({ messageId }: Line): string {
  return messageId
}

async function readLedger(directory: string | undefined): Promise<Line[]> {
  if (directory === undefined) throw new Error('E2E_DIRECTORY says where the server under test is.')
  const text = await readFile(join(directory, 'sandbox', 'ledger.jsonl'), 'utf8').catch(() => '')
  // The last line may be half written.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}
