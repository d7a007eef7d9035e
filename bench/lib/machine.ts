import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { findPostgresPrograms, program, programEnvironment } from '#server/db/embedded/postgresPrograms.ts'

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
  const links = mkdtempSync(join(tmpdir(), 'revoada-bench-'))
  const answer = run(program(programs, 'postgres'), ['--version'], programEnvironment(programs, links))
  rmSync(links, { recursive: true, force: true })
  return /\d[\w.]*/.exec(answer)?.[0] ?? String(programs.major)
}

function run(command: string, args: string[], env = process.env): string {
  try {
    return execFileSync(command, args, {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: import.meta.dirname,
    }).trim()
  } catch {
    return 'unknown'
  }
}
