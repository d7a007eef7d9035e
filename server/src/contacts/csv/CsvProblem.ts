import type { ImportFailureReason } from '#contract/imports.ts'

/** The file as a whole cannot be used. `line` is where it showed, counted from 1; null where no line is meant. */
export class CsvProblem extends Error {
  readonly reason: ImportFailureReason
  readonly line: number | null

  constructor(reason: ImportFailureReason, line: number | null, options?: { cause?: unknown }) {
    super(`CSV ${reason}${line === null ? '' : ` at line ${line}`}`, options)
    this.name = 'CsvProblem'
    this.reason = reason
    this.line = line
  }
}
