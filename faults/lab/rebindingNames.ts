import dns, { type LookupAddress } from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'

/*
 * Preloaded into a server of the lab: stands in for the name service. `rebinding.example` means a public machine when it
 * is asked for the first time and this one ever after, `private.example` this one always; other names nobody knows.
 */
const PUBLIC: LookupAddress = { address: '93.184.216.34', family: 4 }
const HERE: LookupAddress = { address: '127.0.0.1', family: 4 }

const ask = dns.promises.lookup
let asked = 0

function answer(host: string): LookupAddress[] | null {
  if (host === 'private.example') return [HERE]
  if (host === 'rebinding.example') return [asked++ === 0 ? PUBLIC : HERE]
  return null
}

dns.promises.lookup = ((host: string, options: object) => {
  const known = answer(host)
  return known === null ? ask(host, options) : Promise.resolve(known)
}) as typeof ask
syncBuiltinESMExports()
