import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export type Certificate = { key: string; cert: string; file: string }

const CA_SETTINGS = (directory: string) => `
[ca]
default_ca = lab
[lab]
database = ${directory}/index
serial = ${directory}/serial
new_certs_dir = ${directory}
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
`

/**
 * A certificate for 127.0.0.1 signed by itself, made with the `openssl` of the machine; `expired` ended in 2021.
 * `file` is what NODE_EXTRA_CA_CERTS takes.
 */
export async function makeCertificate(directory: string, name: string, expired: boolean): Promise<Certificate> {
  const path = (end: string) => join(directory, `${name}.${end}`)
  const openssl = (...args: string[]) => run('openssl', args, { cwd: directory })
  await writeFile(path('index'), '')
  await writeFile(path('serial'), '01\n')
  await writeFile(
    path('cnf'),
    CA_SETTINGS(directory).replace('/index', `/${name}.index`).replace('/serial', `/${name}.serial`),
  )
  await openssl(
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=lab'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', path('key'), '-out', path('csr')],
  )
  const [from, until] = expired ? ['20200101000000Z', '20210101000000Z'] : ['20200101000000Z', '20491231000000Z']
  await openssl(
    ...['ca', '-batch', '-selfsign', '-config', path('cnf'), '-keyfile', path('key'), '-in', path('csr')],
    ...['-startdate', from, '-enddate', until, '-notext', '-out', path('crt')],
  )
  const [key, cert] = await Promise.all([readFile(path('key'), 'utf8'), readFile(path('crt'), 'utf8')])
  return { key, cert, file: path('crt') }
}
