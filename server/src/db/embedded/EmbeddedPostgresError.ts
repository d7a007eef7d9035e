export type EmbeddedPostgresProblem =
  | 'directoryInUse'
  | 'foreignPostmaster'
  | 'wrongMajor'
  | 'notACluster'
  | 'wrongOwner'
  | 'notWritable'
  | 'noSpace'
  | 'rootWithoutNamespaces'
  | 'noPrograms'
  | 'failed'

/** Why the embedded database cannot run. The message is one sentence for people: what is wrong and what to do. */
export class EmbeddedPostgresError extends Error {
  readonly problem: EmbeddedPostgresProblem

  constructor(problem: EmbeddedPostgresProblem, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'EmbeddedPostgresError'
    this.problem = problem
  }
}

export function notWritable(path: string, cause?: unknown): EmbeddedPostgresError {
  const message = `The data directory ${path} cannot be written: give this user write access to it, or choose another one.`
  return new EmbeddedPostgresError('notWritable', message, { cause })
}

/**
 * Turns what `initdb`, `postgres` or `unshare` wrote before ending into one sentence. They run with LC_ALL=C, so their
 * words are English whatever the system's language is.
 */
export function explainFailure(output: string, path: string): EmbeddedPostgresError {
  if (/^unshare: failed to execute/m.test(output)) return programsOutOfReach(output)
  if (/^unshare: |^(sh|db): .*unshare/m.test(output)) return rootWithoutNamespaces()
  if (/No space left on device|Disk quota exceeded/.test(output)) {
    return new EmbeddedPostgresError(
      'noSpace',
      `There is no space left on the disk of ${path}: free some and start again.`,
    )
  }
  if (/Permission denied|Read-only file system/.test(output)) return notWritable(path, new Error(output.trim()))
  const reason = complaintIn(output)
  return new EmbeddedPostgresError('failed', `The embedded database in ${path} did not start: ${reason}`)
}

export function wrongOwner(path: string, uid: number): EmbeddedPostgresError {
  const message = `The data directory ${path} belongs to another user (uid ${uid}): start Revoada as that user, or give the directory to this one.`
  return new EmbeddedPostgresError('wrongOwner', message)
}

function rootWithoutNamespaces(): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'rootWithoutNamespaces',
    'PostgreSQL does not run as root, and this system does not let root change that (user namespaces are forbidden ' +
      'or the program unshare is missing): start Revoada as an ordinary user who owns the data directory, or set DATABASE_URL.',
  )
}

function programsOutOfReach(output: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'rootWithoutNamespaces',
    'Root cannot start the database programs, because they lie in a folder that is closed to others: start Revoada as ' +
      `the user who owns it, or install it where root owns the files (${complaintIn(output)}).`,
  )
}

/** What it says to those who ask too early (we do, until it is ready) is no reason. */
const ANSWER_TO_CLIENTS = /the database system is (starting up|shutting down|in recovery|not)/

function complaintIn(output: string): string {
  const lines = output.split('\n').map((line) => line.trim())
  const complaint = lines.find((line) => /(FATAL|PANIC|error):/i.test(line) && !ANSWER_TO_CLIENTS.test(line))
  // Without such a line it is one message over several lines.
  return (
    complaint?.replace(/^.*?(FATAL|PANIC|error):\s*/i, '') ??
    (lines.join(' ').trim().slice(-500) || 'it gave no reason')
  )
}
