import { useState } from 'react'
import { Badge } from '../../ui/Card.tsx'
import { DataTable, rowLinkClass, type Column } from '../../ui/DataTable.tsx'

type Row = { id: string; name: string; phone: string; sent: number }

const NAMES = ['Maria de Souza', 'Donaudampfschifffahrtsgesellschaftskapitän', 'محمد عبد الله', 'João']
const COLUMNS: Column<Row>[] = [
  {
    key: 'name',
    header: 'Name',
    width: 'minmax(0,2fr)',
    cell: (row) => (
      <button type="button" className={rowLinkClass}>
        {row.name}
      </button>
    ),
  },
  { key: 'phone', header: 'Phone', cell: (row) => row.phone },
  { key: 'sent', header: 'Sent', align: 'end', width: '7rem', cell: (row) => row.sent },
  { key: 'state', header: 'State', width: '8rem', phone: 'side', cell: () => <Badge tone="good">ready</Badge> },
]

function makeRows(from: number): Row[] {
  return Array.from({ length: 100 }, (_, offset) => {
    const number = from + offset
    return {
      id: String(number),
      name: `${NAMES[number % 4]} ${number}`,
      phone: `+55 11 9${8000_0000 + number}`,
      sent: number,
    }
  })
}

/** A table that gets its rows a hundred at a time, as from a server. */
export function TableSample() {
  const [rows, setRows] = useState(() => makeRows(1))
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set(['2']))
  return (
    <DataTable
      label="People"
      columns={COLUMNS}
      rows={rows}
      rowKey={(row) => row.id}
      hasMore={rows.length < 1000}
      onEnd={() => setRows((known) => [...known, ...makeRows(known.length + 1)])}
      busyLabel="Loading more"
      selection={{
        selected,
        onChange: setSelected,
        labelOf: (row) => `Select ${row.name}`,
        allLabel: 'Select all shown',
      }}
    />
  )
}
