/** How to reach the embedded database. On Unix `host` is the folder of the socket and there is no password. */
export type PostgresConnection = { host: string; port: number; user: string; database: string; password?: string }

export const USER = 'revoada'
export const DATABASE = 'revoada'
