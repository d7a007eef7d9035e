import { isReached, percentile, type Measurement, type Target } from './measurement.ts'

const HEADER = ['', 'measured', '', 'target', '', 'lowest … highest', 'of']

/** The measurements as lines of aligned columns: ✓ or ✗ beside each target, and how far the rounds lie apart. */
export function tableLines(measurements: readonly Measurement[]): string[] {
  const rows = [HEADER, ...measurements.map(cellsOf)]
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)))
  return rows.map((row) =>
    `  ${row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  ')}`.trimEnd(),
  )
}

function cellsOf(measurement: Measurement): string[] {
  const { name, value, unit, target, samples, of } = measurement
  const reached = isReached(measurement)
  return [
    name,
    formatNumber(value),
    unit,
    target === null ? '' : formatTarget(target),
    reached === null ? '' : reached ? '✓' : '✗',
    samples.length > 1 ? `${formatNumber(percentile(samples, 0))} … ${formatNumber(percentile(samples, 100))}` : '',
    `${of} of ${samples.length}`,
  ]
}

function formatTarget(target: Target): string {
  return 'atMost' in target ? `≤ ${formatNumber(target.atMost)}` : `≥ ${formatNumber(target.atLeast)}`
}

/** Three significant digits are more than the noise allows; large numbers are whole. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return 'n/a'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

function pad(cell: string, width: number, column: number): string {
  const spaces = ' '.repeat(Math.max(0, width - [...cell].length))
  return column === 1 || column === 3 ? spaces + cell : cell + spaces
}
