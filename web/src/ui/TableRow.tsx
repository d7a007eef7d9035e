import { cn } from './cn.ts'
import type { Column } from './DataTable.tsx'

type Props<T> = {
  columns: readonly Column<T>[]
  row: T
  index: number
  /** Pixels from the top of the body; null while all rows are there and stand by themselves. */
  offset: number | null
  measure: (element: HTMLElement | null) => void
  selected: boolean | undefined
  selectLabel: string | undefined
  onSelect: (on: boolean) => void
}

/** A row of a `DataTable`; a card on a phone. */
export function TableRow<T>({ columns, row, index, offset, measure, selected, selectLabel, onSelect }: Props<T>) {
  return (
    <div
      role="row"
      ref={measure}
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={selected}
      className={cn(
        'grid w-full items-center gap-x-4 border-b border-line px-4 transition-colors duration-(--quick) last:border-b-0 hover:bg-sunk max-md:gap-y-0.5 max-md:py-3 md:min-h-13 md:grid-cols-(--columns)',
        selected === undefined ? 'max-md:grid-cols-[minmax(0,1fr)_auto]' : 'max-md:grid-cols-[auto_minmax(0,1fr)_auto]',
        selected === true && 'bg-primary-soft',
        offset === null ? 'relative' : 'absolute top-0 left-0',
      )}
      style={offset === null ? undefined : { transform: `translateY(${offset}px)` }}
    >
      {selected !== undefined && (
        <div role="cell" className="relative z-1 flex items-center max-md:row-span-2">
          <label className="flex min-h-11 min-w-8 items-center">
            <input
              type="checkbox"
              aria-label={selectLabel}
              checked={selected}
              onChange={(event) => onSelect(event.target.checked)}
              className="h-5 w-5 accent-(--primary)"
            />
          </label>
        </div>
      )}
      {columns.map((column, position) => (
        <Cell key={column.key} column={column} row={row} first={position === 0} selectable={selected !== undefined} />
      ))}
    </div>
  )
}

const PHONE = {
  title: 'max-md:font-semibold',
  // In the first line, wherever the column stands on a wide screen.
  side: 'max-md:row-start-1 max-md:-col-end-1 max-md:justify-self-end',
  line: 'max-md:text-sm max-md:text-ink-soft',
  hidden: 'max-md:hidden',
} as const

type CellProps<T> = { column: Column<T>; row: T; first: boolean; selectable: boolean }

function Cell<T>({ column, row, first, selectable }: CellProps<T>) {
  const place = column.phone ?? (first ? 'title' : 'line')
  return (
    <div
      role="cell"
      className={cn(
        'min-w-0 [overflow-wrap:anywhere] md:py-2.5',
        column.align === 'end' && 'tabular md:text-right',
        PHONE[place],
        place === 'line' && (selectable ? 'max-md:col-span-2 max-md:col-start-2' : 'max-md:col-span-2'),
      )}
    >
      {place === 'line' && <span className="md:hidden">{column.header}: </span>}
      {column.cell(row)}
    </div>
  )
}
