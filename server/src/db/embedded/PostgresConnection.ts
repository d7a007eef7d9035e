/** How to reach the embedded database. On Unix `host` is the folder of the socket and there is no password. */
export type PostgresConnection = { host: string; port: number; user: string; database: string; password?: string }

/** Owns the cluster and the schema; the product itself works as APPLICATION_USER, which may only read and write rows. */
export const USER = 'revoada'
export const APPLICATION_USER = 'revoada_app'
export const DATABASE = 'revoada'
