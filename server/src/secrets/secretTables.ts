import type { ColumnType, Generated, Selectable } from 'kysely'

export interface SecretKeysTable {
  /** What a sealed value begins with: 8 hex digits. */
  id: string
  purpose: 'seal' | 'hash'
  /** New values are made with it; the others are here until nothing is sealed with them any more. */
  is_current: Generated<boolean>
  /** The key, sealed under `SECRET_KEY`. */
  sealed: Buffer
  /** The same, sealed under the key that sealed before it; null when no change is under way. */
  handover: Buffer | null
  created_at: Generated<Date>
}

export interface SecretKeyHoldersTable {
  process_id: string
  key_id: string
  seen_at: ColumnType<Date, Date | undefined, Date>
}

export interface InstanceFactsTable {
  name: string
  value: string
  created_at: ColumnType<Date, Date | undefined, Date>
}

export type SecretTables = {
  secret_keys: SecretKeysTable
  secret_key_holders: SecretKeyHoldersTable
  instance_facts: InstanceFactsTable
}

export type SecretKeyRow = Pick<Selectable<SecretKeysTable>, 'id' | 'purpose' | 'is_current' | 'sealed' | 'handover'>
