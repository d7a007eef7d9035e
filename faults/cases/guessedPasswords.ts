import { randomBytes, scryptSync } from 'node:crypto'
import { check, median } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { apiSite, newPassword, newPerson, signIn, type Person } from '../lab/people.ts'
import { codeOf, expectStatus, visit, type Reply } from '../lab/visit.ts'

const LIMIT = 10
/** What one account lets strangers try in an hour. */
const HOURLY = 60
const MOST_DIFFERENCE_MS = 5

/** Guessing is slowed per account and per address in all processes; its owner is not locked out; the time tells nothing. */
export async function guessedPasswords(lab: Lab): Promise<Numbers> {
  return { ...(await manyGuesses(lab)), ...(await timing(lab)) }
}

async function manyGuesses(lab: Lab): Promise<Numbers> {
  const settings = { SIGN_IN_LIMIT: String(LIMIT), TRUSTED_PROXIES: '127.0.0.1' }
  const { apis, admin } = await apiSite(lab, 2, settings)
  const tries = lab.rounds(1000, 100)
  const startedAt = performance.now()
  const passed = await guessOneAccount(apis, admin, tries)
  const minutes = Math.floor((performance.now() - startedAt) / 60_000) + 1
  const allowed = Math.min(HOURLY, LIMIT * minutes)
  check(passed <= allowed, `Of ${tries} guesses at one account ${passed} were let through, not ${allowed}.`)

  const stranger = await guess(apis[0], admin.email, '203.0.113.250')
  expectStatus('A stranger during the attack', stranger, 429)
  check(Number(stranger.headers.get('retry-after')) > 0, 'A refused guess does not say how long to wait.')
  await signIn(apis[1] ?? '', admin, admin.cookie)
  const owner = await visit(`${apis[1]}/api/auth/sign-in`, {
    method: 'POST',
    body: { email: admin.email, password: admin.password },
    headers: { 'x-forwarded-for': '203.0.113.251' },
  })
  expectStatus('The owner on a new device during the attack', owner, 429)

  const statuses = await guessFromOneAddress(apis, LIMIT + 10)
  const through = statuses.filter((status) => status === 401).length
  check(through === LIMIT, `From one address ${through} guesses at different accounts were let through, not ${LIMIT}.`)
  return { 'guesses at one account': tries, 'let through': passed, 'let through from one address': through }
}

/** From as many addresses as there are tries, over all processes and in several spellings; how many were let through. */
async function guessOneAccount(apis: string[], { email }: Person, tries: number): Promise<number> {
  let passed = 0
  for (let n = 0; n < tries; n += 20) {
    const batch = Array.from({ length: Math.min(20, tries - n) }, (_, i) => {
      const spelling = i % 3 === 0 ? email.toUpperCase() : email
      return guess(apis[i % apis.length], spelling, `198.${18 + ((n + i) >> 8)}.${(n + i) & 255}.7`)
    })
    for (const reply of await Promise.all(batch)) {
      expectStatus('A guess', reply, 401, 429)
      if (reply.status === 401) passed += 1
    }
  }
  return passed
}

async function guessFromOneAddress(apis: string[], tries: number): Promise<number[]> {
  const guesses = Array.from({ length: tries }, (_, i) =>
    guess(apis[i % apis.length], `nobody${i}@revoada.local`, '198.51.100.9'),
  )
  return (await Promise.all(guesses)).map(({ status }) => status)
}

function guess(api: string | undefined, email: string, address: string): Promise<Reply> {
  const body = { email, password: newPassword() }
  return visit(`${api}/api/auth/sign-in`, { method: 'POST', body, headers: { 'x-forwarded-for': address } })
}

/** Pairs in random order, because the machine itself is not always equally fast. */
async function timing(lab: Lab): Promise<Numbers> {
  const { site, apis, admin } = await apiSite(lab, 1)
  const api = apis[0] ?? ''
  const [current, old, disabled] = await Promise.all([1, 2, 3].map(() => newPerson(api, admin)))
  await site.change(`update users set password_hash = '${oldHash()}' where id = '${old?.id}';
    update users set disabled_at = clock_timestamp() where id = '${disabled?.id}'`)
  const samples = lab.rounds(200, 25)
  const numbers: Numbers = { 'samples of each kind': samples }
  const unknown = await guess(api, 'nobody@revoada.local', '')
  for (const [kind, person] of Object.entries({ current, old, disabled })) {
    lab.tell(`time of ${kind} against unknown, ${samples} pairs`)
    const known = await guess(api, person?.email ?? '', '')
    check(
      known.text === unknown.text && codeOf(known) === 'INVALID_CREDENTIALS',
      `The body tells ${kind}: ${known.text}`,
    )
    check(named(known) === named(unknown), `The headers tell ${kind}: ${named(known)} / ${named(unknown)}.`)
    const difference = await medianDifference(lab, api, person?.email ?? '', samples)
    check(
      Math.abs(difference) < mostDifference(lab, unknown.ms),
      `A known user (${kind}) is answered ${difference.toFixed(1)} ms later than an unknown one.`,
    )
    numbers[`${kind} later than unknown, ms`] = Number(difference.toFixed(2))
  }
  return numbers
}

/** Beside other work a median is uncertain by more than what is looked for; a hash left out still shows. */
function mostDifference(lab: Lab, typicalMs: number): number {
  return lab.slack === 1 ? MOST_DIFFERENCE_MS : Math.max(lab.limit(MOST_DIFFERENCE_MS), typicalMs / 2)
}

async function medianDifference(lab: Lab, api: string, email: string, samples: number): Promise<number> {
  const differences: number[] = []
  for (let n = 0; n < samples; n++) {
    const spent = { known: 0, unknown: 0 }
    const order = lab.random.between(0, 1) < 0.5 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)
    for (const kind of order) {
      const name = kind === 'known' ? email : `${randomBytes(6).toString('hex')}@revoada.local`
      spent[kind] = (await guess(api, name, '')).ms
    }
    differences.push((spent.known - spent.unknown) * 1000)
  }
  return median(differences) / 1000
}

/** Header names and the values that do not change from answer to answer. */
function named({ headers }: Reply): string {
  return [...headers]
    .filter(([name]) => name !== 'date')
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
}

/** As the first releases stored it. */
function oldHash(): string {
  const salt = randomBytes(16).toString('hex')
  return `${salt}:${scryptSync(newPassword(), salt, 64, { N: 16_384, r: 16, p: 1, maxmem: 2 ** 27 }).toString('hex')}`
}
