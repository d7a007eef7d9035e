import { act, render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { describe, expect, test, vi } from 'vitest'
import { DataTable, type Column } from './DataTable.tsx'

type Row = { id: string; name: string }

const COLUMNS: Column<Row>[] = [
  { key: 'name', header: 'Name', cell: (row) => row.name },
  { key: 'id', header: 'Number', cell: (row) => row.id },
]

function makeRows(count: number): Row[] {
  return Array.from({ length: count }, (_, index) => ({ id: String(index), name: `Person ${index}` }))
}

function show(rows: Row[], more: { hasMore?: boolean; busy?: boolean; total?: number; onEnd?: () => void } = {}) {
  return render(
    <DataTable label="People" columns={COLUMNS} rows={rows} rowKey={(row) => row.id} busyLabel="Loading" {...more} />,
  )
}

function Selecting({ rows }: { rows: Row[] }) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  return (
    <>
      <DataTable
        label="People"
        columns={COLUMNS}
        rows={rows}
        rowKey={(row) => row.id}
        busyLabel="Loading"
        selection={{ selected, onChange: setSelected, labelOf: (row) => `Select ${row.name}`, allLabel: 'Select all' }}
      />
      <p>{[...selected].join(' ')}</p>
    </>
  )
}

describe('DataTable', () => {
  test('is a table to those who hear it: heads, rows, cells, and how many there are', () => {
    show(makeRows(3))
    const table = screen.getByRole('table', { name: 'People' })
    expect(table).toHaveAttribute('aria-rowcount', '4')
    const [head, first] = within(table).getAllByRole('row')
    expect(within(head as HTMLElement).getAllByRole('columnheader')).toHaveLength(2)
    expect(first).toHaveAttribute('aria-rowindex', '2')
    expect(within(first as HTMLElement).getAllByRole('cell')[0]).toHaveTextContent('Person 0')
  })

  test('of a hundred thousand rows only those near the screen exist', () => {
    show(makeRows(100_000))
    const rows = screen.getAllByRole('row')
    expect(rows.length).toBeGreaterThan(5)
    expect(rows.length).toBeLessThan(60)
    expect(screen.getByRole('table')).toHaveAttribute('aria-rowcount', '100001')
  })

  test('scrolling brings other rows', () => {
    show(makeRows(10_000))
    expect(screen.queryByText('Person 5000')).not.toBeInTheDocument()
    act(() => {
      Object.defineProperty(window, 'scrollY', { value: 5000 * 56, configurable: true })
      window.dispatchEvent(new Event('scroll'))
    })
    expect(screen.getByText('Person 5000')).toBeInTheDocument()
    expect(screen.queryByText('Person 0')).not.toBeInTheDocument()
    Object.defineProperty(window, 'scrollY', { value: 0, configurable: true })
  })

  test('asks for the next page when its end is near, once, and not while it is on its way', () => {
    const onEnd = vi.fn()
    const { rerender } = show(makeRows(5), { hasMore: true, onEnd })
    expect(onEnd).toHaveBeenCalledTimes(1)
    const waiting = { label: 'People', columns: COLUMNS, rows: makeRows(5), rowKey: (row: Row) => row.id, onEnd }
    rerender(<DataTable {...waiting} hasMore busy busyLabel="Loading" />)
    expect(onEnd).toHaveBeenCalledTimes(1)
    expect(screen.getByRole('status')).toHaveTextContent('Loading')
    rerender(<DataTable {...waiting} hasMore={false} busyLabel="Loading" />)
    expect(onEnd).toHaveBeenCalledTimes(1)
  })

  test('far from its end it asks for nothing', () => {
    const onEnd = vi.fn()
    show(makeRows(5000), { hasMore: true, onEnd })
    expect(onEnd).not.toHaveBeenCalled()
  })

  test('rows are selected one by one or all that are shown, by their names', async () => {
    const user = userEvent.setup()
    render(<Selecting rows={makeRows(3)} />)
    await user.click(screen.getByRole('checkbox', { name: 'Select Person 1' }))
    const all = screen.getByRole<HTMLInputElement>('checkbox', { name: 'Select all' })
    expect(all.indeterminate).toBe(true)
    expect(screen.getByText('1', { selector: 'p' })).toBeInTheDocument()
    await user.click(all)
    expect(screen.getByText('0 1 2')).toBeInTheDocument()
    await user.click(all)
    expect(screen.queryByText('0 1 2')).not.toBeInTheDocument()
  })
})
