import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * What Linux tells about processes. Other systems have no /proc: there these functions throw, and the cases that need
 * them say so.
 */

/** `getconf CLK_TCK` is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
const KIB_PER_MB = 1e6 / 1024

type Stat = { ppid: number; cpuTicks: number; childrenCpuTicks: number }

/** Resident memory now, in MB (10^6 bytes). */
export function rssMb(pid: number): number {
  return statusField(pid, 'VmRSS')
}

/** The largest resident memory this process ever had, in MB. */
export function peakRssMb(pid: number): number {
  return statusField(pid, 'VmHWM')
}

/** Memory of several processes, what they share counted once, in MB. One that has ended meanwhile has none. */
export function pssMb(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + pssKib(pid), 0) / KIB_PER_MB
}

function pssKib(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(read(pid, 'smaps_rollup'))?.[1])
  } catch (error) {
    if (isGone(error)) return 0
    throw error
  }
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ESRCH'
}

/** CPU seconds that a process has used so far. */
export function cpuSeconds(pid: number): number {
  return statOf(pid).cpuTicks / TICKS_PER_SECOND
}

/** CPU seconds of a PostgreSQL server: its present processes and those that have ended. */
export function postgresCpuSeconds(postmaster: number): number {
  const live = postgresProcesses(postmaster).map((pid) => statOf(pid).cpuTicks)
  const ended = statOf(postmaster).childrenCpuTicks
  return (live.reduce((sum, ticks) => sum + ticks, 0) + ended) / TICKS_PER_SECOND
}

/** The postmaster and all its children. */
export function postgresProcesses(postmaster: number): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  return [postmaster, ...all.filter((pid) => parentOf(pid) === postmaster)]
}

/** Pid of the server that runs on this cluster. Throws when there is none. */
export function readPostmasterPid(cluster: string): number {
  return Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n', 1)[0])
}

/** Ends processes without giving any of them the time to notice that the others are gone. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

function parentOf(pid: number): number | null {
  try {
    return statOf(pid).ppid
  } catch {
    return null // ended between listing and reading
  }
}

/** See proc_pid_stat(5): the name in brackets may hold anything, the fields after it are numbered from 3. */
function statOf(pid: number): Stat {
  const text = read(pid, 'stat')
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const at = (field: number) => fields[field - 3] ?? NaN
  return { ppid: at(4), cpuTicks: at(14) + at(15), childrenCpuTicks: at(16) + at(17) }
}

function statusField(pid: number, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(read(pid, 'status'))?.[1]) / KIB_PER_MB
}

function read(pid: number, file: string): string {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8')
}
