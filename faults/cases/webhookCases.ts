import { forgedWebhooks } from './forgedWebhooks.ts'
import type { FaultCase } from './index.ts'
import { oddWebhooks } from './oddWebhooks.ts'
import { rawBodies } from './rawBodies.ts'
import { repeatedStatuses } from './repeatedStatuses.ts'
import { slowDatabaseWebhooks } from './slowDatabaseWebhooks.ts'
import { statusOrders } from './statusOrders.ts'
import { unsignedCaller } from './unsignedCaller.ts'
import { webhookStorm } from './webhookStorm.ts'

/** What gateways, and those who pretend to be one, send us. */
export const WEBHOOK_CASES: Record<string, FaultCase> = {
  W01: {
    about: 'every status five times, three of them at once: counted as if it had come once',
    run: repeatedStatuses,
  },
  W02: {
    about: 'all orders of sent, delivered, read and failed: forward only, and a late failure is noted, not applied',
    run: statusOrders,
  },
  W04: { about: 'forged calls: refused alike, never an error of ours, no row', run: forgedWebhooks },
  W05: { about: 'true calls in every spelling: all are taken, because the bytes are signed', run: rawBodies },
  W06: {
    about: 'an old WuzAPI without a signature: address and token must fit, and neither is found again',
    run: unsignedCaller,
  },
  W07: {
    about: 'two thousand calls a second: answered soon, none that got a 200 is lost, and the campaign hardly notices',
    run: webhookStorm,
  },
  W08: {
    about: 'the database answers five seconds late: calls are refused in time and do not pile up',
    run: slowDatabaseWebhooks,
  },
  W10: {
    about: 'ten thousand entries, a thousand deep, megabytes, wrong types: refused or taken in part',
    run: oddWebhooks,
  },
}
