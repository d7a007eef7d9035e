import { useEffect, useRef, type CSSProperties, type ReactNode } from 'react'
import { cn } from './cn.ts'
import { Spinner } from './Button.tsx'
import { TableRow } from './TableRow.tsx'
import { useRowWindow } from './useRowWindow.ts'

export type Column<T> = {
  key: string
  header: string
  cell: (row: T) => ReactNode
  /** Share of the width on a wide screen, as CSS grid writes it: `minmax(0,2fr)` (default 1fr), `8rem`. */
  width?: string
  align?: 'start' | 'end'
  /**
   * Where it stands on a phone, where a row becomes a card: its heading, beside the heading, a line with the column's
   * name before it (default; the first column is the heading), or nowhere.
   */
  phone?: 'title' | 'side' | 'line' | 'hidden'
}

export type Selection<T> = {
  selected: ReadonlySet<string>
  onChange: (selected: ReadonlySet<string>) => void
  /** "Select Maria", "Select everything shown". */
  labelOf: (row: T) => string
  allLabel: string
}

type Props<T> = {
  label: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  rowKey: (row: T) => string
  /** How many there are beyond those loaded, when it is known. */
  total?: number
  selection?: Selection<T>
  hasMore?: boolean
  busy?: boolean
  busyLabel: string
  /** Asked for the next page when its end comes near. */
  onEnd?: () => void
}

/** A title cell's link or button with this covers its whole row. */
export const rowLinkClass = 'after:absolute after:inset-0 after:rounded-control hover:underline underline-offset-4'

/**
 * A list of any length: the head stays in sight, the next page is fetched before its end is reached, and only the rows
 * near the screen exist. On a phone every row is a card. Roles instead of table tags, because a row that is placed by
 * its offset would lose a table's layout, and a grid of columns keeps it.
 */
export function DataTable<T>({
  label,
  columns,
  rows,
  rowKey,
  total,
  selection,
  hasMore = false,
  busy = false,
  busyLabel,
  onEnd,
}: Props<T>) {
  const body = useRef<HTMLDivElement>(null)
  const shown = useRowWindow(rows.length, body)
  const isNearEnd = shown.end >= rows.length - 10
  useEffect(() => {
    if (isNearEnd && hasMore && !busy) onEnd?.()
  }, [isNearEnd, hasMore, busy, onEnd])
  const widths = [...(selection ? ['2.75rem'] : []), ...columns.map((column) => column.width ?? 'minmax(0,1fr)')]
  const toggle = (key: string, on: boolean) => selection?.onChange(withKey(selection.selected, key, on))
  return (
    <div
      role="table"
      aria-label={label}
      aria-rowcount={hasMore ? (total ?? -1) : rows.length + 1}
      aria-busy={busy || undefined}
      className="rounded-card border border-line bg-surface shadow-card"
      style={{ '--columns': widths.join(' ') } as CSSProperties}
    >
      <Head columns={columns} rows={rows} rowKey={rowKey} selection={selection} />
      <div ref={body} role="rowgroup" className="relative" style={{ height: shown.height }}>
        {shown.rows.map(({ index, offset, measure }) => {
          const row = rows[index]
          if (row === undefined) return null
          const key = rowKey(row)
          return (
            <TableRow
              key={key}
              columns={columns}
              row={row}
              index={index}
              offset={offset}
              measure={measure}
              selected={selection?.selected.has(key)}
              selectLabel={selection?.labelOf(row)}
              onSelect={(on) => toggle(key, on)}
            />
          )
        })}
      </div>
      {busy && (
        <p
          role="status"
          className="flex items-center justify-center gap-3 border-t border-line p-3 text-sm text-ink-soft"
        >
          <Spinner />
          {busyLabel}
        </p>
      )}
    </div>
  )
}

function withKey(selected: ReadonlySet<string>, key: string, on: boolean): ReadonlySet<string> {
  const next = new Set(selected)
  if (on) next.add(key)
  else next.delete(key)
  return next
}

type HeadProps<T> = Pick<Props<T>, 'columns' | 'rows' | 'rowKey'> & { selection: Selection<T> | undefined }

function Head<T>({ columns, rows, rowKey, selection }: HeadProps<T>) {
  const all = rows.length > 0 && rows.every((row) => selection?.selected.has(rowKey(row)))
  const some = !all && rows.some((row) => selection?.selected.has(rowKey(row)))
  return (
    <div
      role="rowgroup"
      className={cn(
        'sticky top-0 z-10 rounded-t-card border-b border-line bg-surface',
        selection === undefined && 'max-md:sr-only',
      )}
    >
      <div role="row" aria-rowindex={1} className="items-center gap-x-4 px-4 md:grid md:grid-cols-(--columns)">
        {selection !== undefined && (
          <div role="columnheader" aria-label={selection.allLabel}>
            <label className="flex min-h-11 items-center gap-3">
              <input
                type="checkbox"
                checked={all}
                ref={(box) => {
                  if (box !== null) box.indeterminate = some
                }}
                onChange={() => selection.onChange(all ? new Set() : new Set(rows.map(rowKey)))}
                className="h-5 w-5 accent-(--primary)"
              />
              <span className="text-sm md:sr-only">{selection.allLabel}</span>
            </label>
          </div>
        )}
        {columns.map((column) => (
          <div
            key={column.key}
            role="columnheader"
            className={cn(
              'min-w-0 truncate py-3 text-sm font-semibold text-ink-soft max-md:sr-only',
              column.align === 'end' && 'text-right',
            )}
          >
            {column.header}
          </div>
        ))}
      </div>
    </div>
  )
}
