import { applyMutation, MUTATIONS, PROPERTIES, type Mutation } from './prove/mutations.ts'
import { TreeCopy } from './prove/TreeCopy.ts'

const USAGE = `npm run prove [-- P5 P9 …]
  For each of the properties P1 to P18 (or those named): breaks the product in a copy of its sources in the way that the
  property guards against, and shows that its test fails then; and that it passes without. Ends with 0 only if all do.`

process.exitCode = await main(process.argv.slice(2))

async function main(named: string[]): Promise<number> {
  if (named.includes('--help')) return say(USAGE)
  const stranger = named.find((name) => !PROPERTIES.includes(name))
  if (stranger !== undefined) return say(`There is no ${stranger}; there are ${PROPERTIES.join(' ')}.`, 2)
  const properties = named.length === 0 ? PROPERTIES : PROPERTIES.filter((name) => named.includes(name))
  const copy = await TreeCopy.make()
  const removed = () => void copy.remove().finally(() => process.exit(1))
  process.once('SIGINT', removed).once('SIGTERM', removed)
  try {
    await requireAll(copy, properties)
    let held = 0
    for (const property of properties) if (await prove(copy, property)) held += 1
    say(`${held} of ${properties.length} properties go red under their mutation and green without it`)
    return held === properties.length ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    await copy.remove()
  }
}

/** Before an hour is spent: every property has a mutation, and every mutation something to change. */
async function requireAll(copy: TreeCopy, properties: readonly string[]): Promise<void> {
  for (const property of properties) {
    const own = MUTATIONS.filter((mutation) => mutation.property === property)
    if (own.length === 0) throw new Error(`${property} has no mutation.`)
    for (const mutation of own) applyMutation(await copy.read(mutation.file), mutation)
  }
}

/** Red under each of its mutations, green without. */
async function prove(copy: TreeCopy, property: string): Promise<boolean> {
  let isProven = true
  const green = new Map<string, boolean>()
  for (const mutation of MUTATIONS.filter((each) => each.property === property)) {
    const key = `${mutation.test.file} ${mutation.test.name}`
    const began = performance.now()
    if (!green.has(key)) green.set(key, (await copy.run(mutation.test)).passed)
    const isGreen = green.get(key) === true
    const isRed = await isRedUnder(copy, mutation)
    isProven &&= isGreen && isRed
    const verdict = `${isRed ? 'red' : 'STILL GREEN'} under its mutation, ${isGreen ? 'green' : 'RED'} without`
    const seconds = `${((performance.now() - began) / 1000).toFixed(0)} s`
    say(`${isGreen && isRed ? '✓' : '✗'} ${property.padEnd(3)} ${verdict} (${mutation.breaks}; ${seconds})`)
  }
  return isProven
}

async function isRedUnder(copy: TreeCopy, mutation: Mutation): Promise<boolean> {
  const sound = await copy.read(mutation.file)
  await copy.write(mutation.file, applyMutation(sound, mutation))
  try {
    const { passed, said } = await copy.run(mutation.test)
    if (/Test timed out in/.test(said))
      throw new Error(`${mutation.property}: its test ran out of time, which is no proof.`)
    return !passed
  } finally {
    await copy.write(mutation.file, sound)
  }
}

function say(line: string, code = 0): number {
  process.stdout.write(`${line}\n`)
  return code
}
