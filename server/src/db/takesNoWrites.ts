/** SQLSTATEs of a database that can be read and takes no writes: full, broken or read-only storage. */
const NO_WRITES = new Set([
  '53100', // disk_full
  '58030', // io_error
  '25006', // read_only_sql_transaction
])

/** True when a person has to see to the database's storage before the statement can work. */
export function takesNoWrites(error: unknown): boolean {
  return error instanceof Error && NO_WRITES.has(String((error as { code?: unknown }).code))
}
