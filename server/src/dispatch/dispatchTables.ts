import type { ColumnType } from 'kysely'

export interface WorkersTable {
  id: string
  host: string
  pid: number
  started_at: ColumnType<Date, Date | undefined, never>
  heartbeat_at: ColumnType<Date, Date | undefined, Date>
}

export interface DispatchTables {
  workers: WorkersTable
}
