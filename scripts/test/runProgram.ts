import { spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Programs of npm start with whatever `node` comes first in PATH; it must be the one that runs us. */
export function programEnv(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`, TZ: 'UTC' }
}

export type Run = { code: number; output: string; seconds: number }

/**
 * Runs a program of `node_modules/.bin` in `directory`, the project's root, and collects what it says. The code is not 0 when it could
 * not be started or was killed; it never throws.
 */
export function runProgram(
  name: string,
  args: string[],
  env: Record<string, string> = {},
  directory = ROOT,
): Promise<Run> {
  const began = performance.now()
  return new Promise((done) => {
    const child = spawn(`${ROOT}/node_modules/.bin/${name}`, args, {
      cwd: directory,
      env: { ...programEnv(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const forward = stopWithUs(child)
    let output = ''
    const end = (code: number) => {
      forward.stop()
      // Some colour their words into a pipe when CI is set, and then nobody can search the log.
      done({ code, output: stripVTControlCharacters(output), seconds: (performance.now() - began) / 1000 })
    }
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', (error) => {
      output += `${name} could not be started: ${error.message}\n`
      end(1)
    })
    child.on('close', (code) => end(code ?? 1))
  })
}

/** Ctrl-C reaches the whole group anyway; a plain SIGTERM reaches only us, and must not leave a runner behind. */
function stopWithUs(child: { kill(signal: NodeJS.Signals): boolean }): { stop: () => void } {
  const pass = () => {
    child.kill('SIGTERM')
    process.exitCode = 1
  }
  process.once('SIGTERM', pass)
  return { stop: () => process.removeListener('SIGTERM', pass) }
}
