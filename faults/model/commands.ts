import fc from 'fast-check'
import type { Wish } from './CampaignModel.ts'
import { VERDICTS, type ModelRun, type VerdictName } from './ModelRun.ts'

const MAX_CAMPAIGNS = 3
const MAX_PEOPLE = 12

/** What decides whether a command can be given; the model itself lives in the run, where the product is at hand. */
export type Plan = { campaigns: number; connected: boolean }
type Command = fc.AsyncCommand<Plan, ModelRun>

/** A command whose effect on the plan is known beforehand. */
function command(
  name: string,
  options: { when?: (plan: Plan) => boolean; plan?: (plan: Plan) => void; run: (run: ModelRun) => Promise<void> },
): Command {
  return {
    check: options.when ?? (() => true),
    run: async (plan, run) => {
      options.plan?.(plan)
      await options.run(run)
    },
    toString: () => name,
  }
}

const hasRoom = (plan: Plan) => plan.campaigns < MAX_CAMPAIGNS
const hasCampaign = (plan: Plan) => plan.campaigns > 0
const grow = (plan: Plan) => void plan.campaigns++

const people = fc
  .uniqueArray(fc.integer({ min: 60_000_000, max: 99_999_999 }), { minLength: 1, maxLength: MAX_PEOPLE })
  .map((numbers) => numbers.map((number) => `+55119${number}`))

const create = fc.record({ phones: people, start: fc.boolean() }).map(({ phones, start }) =>
  command(`create(${phones.length}${start ? ', start' : ''})`, {
    when: hasRoom,
    plan: grow,
    run: (run) => run.create(phones, start),
  }),
)

const importAndCreate = fc.record({ phones: people, start: fc.boolean() }).map(({ phones, start }) =>
  command(`import(${phones.length}${start ? ', start' : ''})`, {
    when: hasRoom,
    plan: grow,
    run: (run) => run.importAndCreate(phones, start),
  }),
)

function ask(wish: Wish): fc.Arbitrary<Command> {
  return fc
    .nat(MAX_CAMPAIGNS - 1)
    .map((index) => command(`${wish}(${index})`, { when: hasCampaign, run: (run) => run.ask(index, wish) }))
}

const verdicts = fc
  .array(fc.constantFrom(...(Object.keys(VERDICTS) as VerdictName[])), { minLength: 1, maxLength: 4 })
  .map((names) => command(`verdicts(${names.join(', ')})`, { run: (run) => run.script(names) }))

const connection = fc.boolean().map((connected) =>
  command(connected ? 'reconnect' : 'disconnect', {
    when: (plan) => plan.connected !== connected,
    plan: (plan) => void (plan.connected = connected),
    run: (run) => run.connect(connected),
  }),
)

const webhooks = fc
  .constantFrom(0, 0.5, 1)
  .map((share) => command(`webhooks(${share})`, { run: (run) => run.report(share) }))

const tick = fc.integer({ min: 0, max: 150 }).map((ms) => command(`tick(${ms})`, { run: (run) => run.tick(ms) }))

const kill = fc.constant(command('kill', { run: (run) => run.kill() }))

/** What people, gateways, WhatsApp and power cuts do to campaigns, in any order; at most 50 steps. */
export const commands = fc.commands(
  [
    create,
    importAndCreate,
    ask('start'),
    ask('pause'),
    ask('resume'),
    ask('resume'),
    ask('cancel'),
    tick,
    tick,
    verdicts,
    connection,
    webhooks,
    kill,
  ],
  { maxCommands: 50, size: '+1' },
)
