/**
 * The settings the server is started with. They are given on every start and override the file in the data directory,
 * so an upgrade of the product brings its own and a forgotten edit cannot weaken durability.
 */
export function postgresSettings(options: {
  socketDirectory: string | null
  port: number
  maxConnections: number
  durable: boolean
}): string[] {
  const settings = {
    cluster_name: 'revoada',
    ...addressSettings(options.socketDirectory),
    port: options.port,
    max_connections: options.maxConnections,
    // 64MB would be 86 MB resident (PSS) after a crash recovery, which touches every buffer; 32MB is 51 MB, fresh 18 MB.
    shared_buffers: '32MB',
    // A restart after kill -9 replays what was written since the last checkpoint, which begins after max_wal_size /
    // (1 + completion target) = 85 MB. `npm run bench -- start` measures it at the end of a run of 200,000 recipients: 1.1
    // to 1.4 s, as with 48MB of compressed pages. Compressing whole pages is not worth its time when lists are stored.
    max_wal_size: '128MB',
    checkpoint_completion_target: '0.5',
    // Under full load that is a checkpoint every few seconds: meant so, and no reason to fill the log with warnings.
    checkpoint_warning: 0,
    wal_compression: 'off',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    // Statements and the details of a violated constraint hold people's data: the log must not.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    ...(options.durable ? DURABLE : THROW_AWAY),
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }

/** For clusters of tests: a power cut may take them. What was committed still survives a kill -9 of every process. */
const THROW_AWAY = { fsync: 'off', synchronous_commit: 'on', full_page_writes: 'off' }

function addressSettings(socketDirectory: string | null): Record<string, string> {
  if (socketDirectory === null) return { listen_addresses: '127.0.0.1', unix_socket_directories: '' }
  // The value is a list: quoted, a comma or a space in the folder's name does not split it.
  const quoted = `"${socketDirectory.replaceAll('"', '""')}"`
  return { listen_addresses: '', unix_socket_directories: quoted, unix_socket_permissions: '0700' }
}
