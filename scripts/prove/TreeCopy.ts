import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ROOT, runProgram, type Run } from '../test/runProgram.ts'

const COPIED = [
  'contract',
  'server',
  'scripts',
  'faults',
  'web',
  'examples',
  'docs',
  'package.json',
  'vitest.config.ts',
]
const LEFT_OUT = new Set(['node_modules', 'dist', 'data', 'test-results'])

type Report = {
  testResults: { message?: string; assertionResults: { title: string; status: string; failureMessages?: string[] }[] }[]
}

/** How one test ended; `said` is what it failed with. */
export type Verdict = { passed: boolean; said: string }

/** A copy of the sources in a temporary folder, where they may be broken. It shares the installed packages. */
export class TreeCopy {
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
  }

  static async make(): Promise<TreeCopy> {
    const directory = await mkdtemp(join(tmpdir(), 'revoada-prove-'))
    for (const name of COPIED) {
      await cp(join(ROOT, name), join(directory, name), {
        recursive: true,
        filter: (source) => !LEFT_OUT.has(basename(source)),
      })
    }
    await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'), 'dir')
    return new TreeCopy(directory)
  }

  read(file: string): Promise<string> {
    return readFile(join(this.#directory, file), 'utf8')
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(join(this.#directory, file), text)
  }

  /** Runs one test alone. Throws when it did not run, also not once more: then nothing is known of it. */
  async run(test: { file: string; name: string }): Promise<Verdict> {
    // On a busy machine a database may not be there in time, before any test has begun.
    return this.#run(test).catch(() => this.#run(test))
  }

  async #run({ file, name }: { file: string; name: string }): Promise<Verdict> {
    const report = join(this.#directory, 'report.json')
    await rm(report, { force: true })
    const args = ['run', '--project', 'server', '--reporter=json', `--outputFile=${report}`, file, '-t', escape(name)]
    const run = await runProgram('vitest', args, {}, this.#directory)
    const text = await readFile(report, 'utf8').catch(() => null)
    if (text === null) throw new Error(`${file} could not be run:\n${tailOf(run)}`)
    const { testResults } = JSON.parse(text) as Report
    const tests = testResults.flatMap((result) => result.assertionResults)
    const test = tests.find(({ title, status }) => title === name && (status === 'passed' || status === 'failed'))
    if (test === undefined) {
      const why = testResults.map(({ message }) => message ?? '').join('\n')
      throw new Error(`${file} has no test “${name}”, or it did not run:\n${why}\n${tailOf(run)}`)
    }
    return { passed: test.status === 'passed', said: test.failureMessages?.join('\n') ?? '' }
  }

  remove(): Promise<void> {
    return rm(this.#directory, { recursive: true, force: true })
  }
}

function escape(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
}

function tailOf({ output }: Run): string {
  return output.split('\n').slice(-30).join('\n')
}
