declare module 'pg-copy-streams' {
  import type { Readable, Writable } from 'node:stream'
  import type { Submittable } from 'pg'

  /** `copy … to stdout`: hand it to `client.query`, then read it. */
  export function to(text: string): Readable & Submittable
  /** `copy … from stdin`: hand it to `client.query`, then write to it. */
  export function from(text: string): Writable & Submittable
}
