// Recounts the books of a finished run without a line of the product's code: its own CSV reader, its own and simpler
// reading of phones. What it cannot judge with certainty it leaves out; what it judges must agree.
//
//   node scripts/recount.mjs --file INPUT.csv --country BR --export EXPORT --ledger LEDGER.jsonl
//
// Ends 0 and prints {"ok":true,…} when input, export and ledger agree; 1 with the first differences; 2 on wrong usage.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'

const SHOWN = 10
const STATES = [
  'pending',
  'retrying',
  'sending',
  'sent',
  'delivered',
  'read',
  'failed',
  'skipped',
  'unknown',
  'cancelled',
]
const ACCEPTED = new Set(['sent', 'delivered', 'read'])
const PHONE_HEADER = /whatsapp|celular|telefone|telem[oó]vel|phone|fone|mobile/i

const options = readOptions()
const differences = new Map()
const rows = readInput(options.file)
const recipients = readExport(options.export)
const ledger = readLedger(options.ledger)

const expected = checkInputAgainstExport(rows, recipients)
const states = countStates(recipients)
const acceptedIds = checkExportAgainstLedger(recipients, ledger)

const ok = differences.size === 0
const summary = {
  ok,
  rows: rows.length,
  judged: expected.judged,
  expected: expected.phones.size,
  recipients: recipients.length,
  states,
  accepted: recipients.filter((recipient) => ACCEPTED.has(recipient.status)).length,
  ledgerIds: acceptedIds,
  differences: Object.fromEntries(
    [...differences].map(([kind, found]) => [kind, { count: found.length, first: found.slice(0, SHOWN) }]),
  ),
}
console.log(JSON.stringify(summary))
process.exit(ok ? 0 : 1)

function readOptions() {
  const text = { type: 'string' }
  try {
    const { values } = parseArgs({ options: { file: text, country: text, export: text, ledger: text } })
    for (const name of ['file', 'country', 'export', 'ledger'])
      if (!values[name]) throw new Error(`--${name} is missing`)
    return values
  } catch (error) {
    console.error(
      `${error.message}\nnode scripts/recount.mjs --file INPUT.csv --country BR --export EXPORT --ledger LEDGER.jsonl`,
    )
    process.exit(2)
  }
}

function differ(kind, what) {
  differences.set(kind, [...(differences.get(kind) ?? []), what])
}

// ---- the three sources

/** Every data row of the input as the text of its phone field. */
function readInput(path) {
  const [header = [], ...body] = parseCsv(decode(readFileSync(path)))
  const named = header.findIndex((cell) => PHONE_HEADER.test(cell))
  if (named >= 0)
    return body.map((cells) => ({ field: cells[named] ?? '', cells, isWhole: cells.length <= header.length }))
  const column = header.findIndex((_, at) =>
    [header, ...body].some((cells) => (cells[at] ?? '').replace(/\D/g, '').length >= 8),
  )
  return [header, ...body].map((cells) => ({ field: cells[Math.max(column, 0)] ?? '', cells, isWhole: true }))
}

/** The recipients as the product's database has them: CSV with a header, or JSON lines. */
function readExport(path) {
  const text = decode(readFileSync(path)).trim()
  if (text.startsWith('{')) return text.split(/\r?\n/).map((line) => JSON.parse(line))
  const [header = [], ...body] = parseCsv(text)
  return body.map((cells) => Object.fromEntries(header.map((name, at) => [name, cells[at] ?? ''])))
}

/** number → the message ids that the gateway accepted for it. */
function readLedger(path) {
  const ids = new Map()
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line.trim() === '') continue
    const { kind, number, messageId } = JSON.parse(line)
    if (kind !== 'accepted') continue
    const phone = e164Of(`+${number}`) ?? `+${number}`
    if (!ids.has(phone)) ids.set(phone, new Set())
    ids.get(phone).add(messageId)
  }
  return ids
}

// ---- the checks

function checkInputAgainstExport(rows, recipients) {
  const exported = new Set()
  for (const { phone } of recipients) {
    if (exported.has(phone)) differ('exportedTwice', phone)
    exported.add(phone)
    if (e164Of(phone) !== phone) differ('notCanonical', phone)
  }
  const judged = rows.map(judge)
  const phones = new Set(judged.filter((phone) => phone !== null))
  for (const phone of phones) if (!exported.has(phone)) differ('missingFromExport', phone)
  checkNobodyInvented(rows, exported)
  return { phones, judged: judged.filter((phone) => phone !== null).length }
}

/** A recipient whose last eight digits stand in no field of the file was made up. */
function checkNobodyInvented(rows, exported) {
  const seen = new Set()
  for (const { field } of rows) {
    const digits = digitsOf(field)
    for (let at = 0; at + 8 <= digits.length; at++) seen.add(digits.slice(at, at + 8))
  }
  for (const phone of exported) if (!seen.has(phone.slice(-8))) differ('inventedRecipient', phone)
}

function countStates(recipients) {
  const states = Object.fromEntries(STATES.map((state) => [state, 0]))
  for (const { phone, status } of recipients) {
    if (status in states) states[status] += 1
    else differ('unknownState', `${phone} ${status}`)
  }
  const sum = Object.values(states).reduce((a, b) => a + b, 0)
  if (sum !== recipients.length) differ('statesDoNotAddUp', `${sum} of ${recipients.length}`)
  return states
}

function checkExportAgainstLedger(recipients, ledger) {
  const byPhone = new Map(recipients.map((recipient) => [recipient.phone, recipient]))
  const owners = new Map()
  for (const [phone, ids] of ledger) {
    if (ids.size > 1) differ('twoMessageIds', `${phone} ${[...ids].join(' ')}`)
    for (const id of ids) {
      if (owners.has(id)) differ('oneIdForTwo', `${id} ${owners.get(id)} ${phone}`)
      owners.set(id, phone)
    }
    const recipient = byPhone.get(phone)
    if (recipient === undefined) differ('acceptedButNobody', phone)
    // Sent or not, nobody could tell: that the ledger knows better is no contradiction.
    else if (!ACCEPTED.has(recipient.status) && recipient.status !== 'unknown')
      differ('acceptedButNotSent', `${phone} ${recipient.status}`)
  }
  for (const { phone, status, messageId } of recipients) {
    if (!ACCEPTED.has(status)) continue
    const ids = ledger.get(phone)
    if (ids === undefined) differ('sentButNotInLedger', phone)
    else if (!ids.has(messageId)) differ('otherMessageId', `${phone} ${messageId}`)
  }
  return owners.size
}

// ---- phones

/** The number that a row certainly means; null where this script would have to interpret. */
function judge({ field, isWhole }) {
  if (!isWhole) return null
  const text = field.replace(/[０-９]/g, (digit) => String(digit.charCodeAt(0) - 0xff10)).replace(/[‐-―]/g, '-')
  const first = text.split(/\s*[/;|\n]\s*|\s+-\s+|\s+ou\s+/)[0] ?? ''
  const plain = first
    .replace(/@s\.whatsapp\.net$/, '')
    .replace(/<[^>]*>/g, '')
    .replace(/[\s\u00a0().-]/g, '')
  return /^\+?\d{8,15}$/.test(plain) ? e164Of(plain) : null
}

function e164Of(text) {
  const national = text.startsWith('+') || options.country !== 'BR' ? text : text.replace(/^0(?!0)/, '')
  const international = national.replace(/^00/, '+')
  return withCallingCode(brazilian(international)) ?? null
}

/** Puts the ninth digit where a Brazilian mobile lacks it; everything else comes back as it was. */
function brazilian(text) {
  const isLocal = options.country === 'BR' && !text.startsWith('+')
  const match = isLocal ? /^(?:55)?(\d\d)([6-9]\d{7})$/.exec(text) : /^\+55(\d\d)([6-9]\d{7})$/.exec(text)
  return match ? `+55${match[1]}9${match[2]}` : text.replace(/^\+521(\d{10})$/, '+52$1')
}

function withCallingCode(text) {
  const parsed = parsePhoneNumberFromString(text, options.country)
  if (!parsed?.isValid()) return null
  const isHome =
    parsed.countryCallingCode === parsePhoneNumberFromString('12345678', options.country)?.countryCallingCode
  return text.startsWith('+') || isHome ? parsed.number : null
}

function digitsOf(text) {
  return text.normalize('NFKC').replace(/\D/g, '')
}

// ---- CSV

function decode(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}

function parseCsv(text) {
  const firstLine = text.split(/\r?\n/, 1)[0] ?? ''
  const delimiter = [';', ',', '\t', '|'].reduce((a, b) =>
    firstLine.split(b).length > firstLine.split(a).length ? b : a,
  )
  const rows = []
  let cells = []
  let cell = ''
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (isQuoted) {
      if (character !== '"') cell += character
      else if (text[at + 1] === '"') cell += text[at++]
      else isQuoted = false
    } else if (character === '"' && cell === '') isQuoted = true
    else if (character === delimiter) {
      cells.push(cell)
      cell = ''
    } else if (character === '\n' || character === '\r') {
      if (character === '\r' && text[at + 1] === '\n') at++
      rows.push([...cells, cell])
      cells = []
      cell = ''
    } else cell += character
  }
  if (cell !== '' || cells.length > 0) rows.push([...cells, cell])
  return rows.filter((row) => row.length > 1 || row[0] !== '')
}
