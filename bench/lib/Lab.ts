import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What one case is run with. Everything it starts belongs to its lab and ends with it. */
export type LabOptions = {
  rounds: number
  /** Also the sizes that take minutes. */
  large: boolean
  /** Where CPU profiles and statement statistics go; null measures undisturbed. */
  profileDir: string | null
  say: (text: string) => void
}

/**
 * Reads `+pid` and `-pid` and, when the bench ends however it ends (also by kill -9), kills what was not taken off and
 * removes the folder. The bench itself takes everything off before it ends, so this has nothing to do then.
 */
const REAPER = `
pids=' '
while read -r line; do
  case $line in
    +*) pids="$pids\${line#+} " ;;
    -*) pids=$(printf '%s' "$pids" | sed "s/ \${line#-} / /") ;;
  esac
done
for pid in $pids; do kill -9 "$pid"; done 2>/dev/null
sleep 1
rm -rf "$0"`

const STOP_TIMEOUT_MS = 15_000

/** Processes and folders of one case. */
export class Lab {
  readonly options: LabOptions
  readonly #directory = mkdtempSync(join(tmpdir(), 'revoada-bench-'))
  readonly #children = new Set<ChildProcess>()
  readonly #reaper: ChildProcess
  #ended = false

  constructor(options: LabOptions) {
    this.options = options
    this.#reaper = spawn('sh', ['-c', REAPER, this.#directory], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    this.#reaper.stdin?.on('error', () => {})
  }

  get rounds(): number {
    return this.options.rounds
  }

  say(text: string): void {
    this.options.say(text)
  }

  newDirectory(name: string): Promise<string> {
    return mkdtemp(join(this.#directory, `${name}-`))
  }

  file(name: string): string {
    return join(this.#directory, name)
  }

  /** Starts a program that ends with the lab at the latest. Throws when the lab has ended. */
  spawn(command: string, args: string[], options: SpawnOptions): ChildProcess {
    if (this.#ended) throw new Error('The case is over.')
    const child = spawn(command, args, options)
    this.#children.add(child)
    this.#reaper.stdin?.write(`+${child.pid}\n`)
    child.once('exit', () => {
      this.#children.delete(child)
      if (!this.#reaper.stdin?.destroyed) this.#reaper.stdin?.write(`-${child.pid}\n`)
    })
    return child
  }

  /** Stops what still runs, first kindly, and removes every folder. */
  async end(): Promise<void> {
    this.#ended = true
    await Promise.all([...this.#children].map((child) => stopChild(child)))
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    this.#reaper.stdin?.end()
  }
}

/** SIGTERM, and SIGKILL when that is not heard. Resolves when the process has ended. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(impatient)
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined
}
