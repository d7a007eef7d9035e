import { execFileSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { findPostgresPrograms, program } from '#server/db/embedded/postgresPrograms.ts'

export type Machine = {
  cpu: string
  cores: number
  memoryGb: number
  system: string
  node: string
  postgres: string
  commit: string
  /** Of the last minute, when the bench began: work of others on the same machine. */
  load: number
}

export function describeMachine(): Machine {
  const [first] = cpus()
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${process.platform}-${process.arch} ${release()}`,
    node: process.version,
    postgres: postgresVersion(),
    commit: run('git', ['describe', '--always', '--dirty']),
    load: loadavg()[0] ?? NaN,
  }
}

export function machineLines(machine: Machine): string[] {
  const { cpu, cores, memoryGb, system, node, postgres, commit, load } = machine
  return [
    `${cpu}, ${cores} cores, ${memoryGb} GB, ${system}`,
    `Node ${node}, embedded PostgreSQL ${postgres}, commit ${commit}, load of the machine at the start ${load.toFixed(2)}`,
  ]
}

function postgresVersion(): string {
  const programs = findPostgresPrograms()
  return /\d[\w.]*/.exec(run(program(programs, 'postgres'), ['--version']))?.[0] ?? String(programs.major)
}

function run(command: string, args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], cwd: import.meta.dirname }).trim()
  } catch {
    return 'unknown'
  }
}
