/** A small edit of the product that breaks one promise, and the test that must notice. */
export type Mutation = {
  /** The property it is about; one may have several. */
  property: string
  /** What the product does then, for people. */
  breaks: string
  file: string
  /** Stands in the file exactly once. */
  from: string
  to: string
  test: { file: string; name: string }
}

const SERVER = 'server/src'

export const MUTATIONS: readonly Mutation[] = [
  {
    property: 'P1',
    breaks: "anybody may name anybody's channel by its token",
    file: `${SERVER}/channels/tokenValidator.ts`,
    from: "role === 'admin' ? null : id",
    to: 'role === null ? id : null',
    test: {
      file: `${SERVER}/channels/tokenValidator.test.ts`,
      name: "somebody else's token is refused on every route that sends, unless an administrator names it",
    },
  },
  {
    property: 'P2',
    breaks: 'the refusal repeats the token',
    file: `${SERVER}/channels/tokenValidator.ts`,
    from: "if (found.length === 0) throw new AppError('CHANNEL_TOKEN_REJECTED')",
    to: "if (found.length === 0) throw new AppError('CHANNEL_TOKEN_REJECTED', { details: { token } })",
    test: {
      file: `${SERVER}/channels/tokenValidator.test.ts`,
      name: 'is the same, byte for byte, whatever the token, and repeats no five characters of it',
    },
  },
  {
    property: 'P3',
    breaks: 'the window begins anew with every minute of the clock',
    file: `${SERVER}/auth/rateLimits.ts`,
    from: 'where hit >= clock_timestamp() - ${window}) as log)',
    to: "where hit >= date_trunc('minute', clock_timestamp())) as log)",
    test: {
      file: `${SERVER}/campaigns/campaignRateLimiter.test.ts`,
      name: 'in any 60 s the eleventh creation is refused, whatever comes at once, from whichever process, around every edge',
    },
  },
  {
    property: 'P4',
    breaks: 'a cold start leaves running what ran',
    file: `${SERVER}/dispatch/StateSynchronizer.ts`,
    from: 'const ids = await this.#keeper.pauseAllAfterRestart()',
    to: 'const ids: string[] = []',
    test: {
      file: `${SERVER}/dispatch/coldStart.test.ts`,
      name: 'what ran when the process died is paused by the next start, and exactly the rest goes out when it is resumed',
    },
  },
  {
    property: 'P5',
    breaks: 'the lane goes to whoever asks',
    file: `${SERVER}/channels/channelLane.ts`,
    from: '(lane_owner is null or lane_owner = ${workerId} or lane_expires_at <= clock_timestamp())',
    to: '(lane_owner is null or lane_owner = ${workerId} or lane_expires_at is not null)',
    test: {
      file: `${SERVER}/channels/channelLane.test.ts`,
      name: 'goes to exactly one of those who want it at once, and its epoch rises by one',
    },
  },
  {
    property: 'P5',
    breaks: 'a settle does not ask under which epoch',
    file: `${SERVER}/recipients/settleRecipients.ts`,
    from: 'and lane_owner = ${lane.owner} and lane_epoch = ${lane.epoch}`',
    to: 'and lane_owner = ${lane.owner}`',
    test: {
      file: `${SERVER}/recipients/books.test.ts`,
      name: 'under any epoch but that of the lane, or by anybody but its owner, moves no row, whatever it says',
    },
  },
  {
    property: 'P6',
    breaks: 'the queue of a campaign that is over stays in memory',
    file: `${SERVER}/dispatch/CampaignScheduler.ts`,
    from: '    this.activeQueues.delete(campaignId)\n',
    to: '',
    test: {
      file: `${SERVER}/dispatch/lettingGo.test.ts`,
      name: 'whatever is completed or cancelled, at whatever moment, leaves the queues and locks of its worker within five seconds',
    },
  },
  {
    property: 'P7',
    breaks: 'a documented answer is not known any more',
    file: `${SERVER}/channels/gateways/wuzapiFailures.ts`,
    from: "    ['no lid found for', 'NOT_ON_WHATSAPP'],\n",
    to: '',
    test: {
      file: `${SERVER}/channels/gateways/wuzapiFailures.test.ts`,
      name: 'a documented answer has its category however its letters are written, and any other has one, always the same',
    },
  },
  {
    property: 'P8',
    breaks: 'whoever was under way when the session went has failed',
    file: `${SERVER}/dispatch/decideSettlement.ts`,
    from: 'if (effect.pause !== null) return giveBack(campaign.id, recipient, error)',
    to: 'if (effect.pause !== null) return failFor(campaign.id, recipient, failure)',
    test: {
      file: `${SERVER}/dispatch/outcomes.test.ts`,
      name: 'whenever the session is lost, every campaign of the channel is paused and nobody has failed',
    },
  },
  {
    property: 'P9',
    breaks: 'only the last failure of a recipient is logged',
    file: `${SERVER}/recipients/settleRecipients.ts`,
    from: 'campaign_id, id, category, code, message from moved where category is not null',
    to: "campaign_id, id, category, code, message from moved where category is not null and status = 'failed'",
    test: {
      file: `${SERVER}/dispatch/outcomes.test.ts`,
      name: 'every failed attempt has its own row in the error log, of its recipient and with its code, and every pause by itself one',
    },
  },
  {
    property: 'P10',
    breaks: 'memory does not note the locks that it takes',
    file: `${SERVER}/dispatch/CampaignScheduler.ts`,
    from: '    if (epoch !== null) this.processingLocks.set(campaignId, epoch)\n',
    to: '',
    test: {
      file: `${SERVER}/dispatch/mirrors.test.ts`,
      name: 'memory agrees with the leases soon after it is back, progress is in the books, and nothing newer was overwritten',
    },
  },
  {
    property: 'P10',
    breaks: 'a settle writes over what a receipt has said meanwhile',
    file: `${SERVER}/recipients/settleRecipients.ts`,
    from: "and c.status = 'sending' and c.claim_epoch = ${lane.epoch} and exists (select 1 from authority)",
    to: 'and exists (select 1 from authority)',
    test: {
      file: `${SERVER}/dispatch/mirrors.test.ts`,
      name: 'memory agrees with the leases soon after it is back, progress is in the books, and nothing newer was overwritten',
    },
  },
  {
    property: 'P11',
    breaks: 'a claim takes as many as it is asked for',
    file: `${SERVER}/dispatch/QueueManager.ts`,
    from: 'Math.min(options.maxBatch, MOST_AT_ONCE, ',
    to: 'Math.min(options.maxBatch, ',
    test: {
      file: `${SERVER}/dispatch/batches.test.ts`,
      name: 'of more than 1,000 recipients no claim takes more than 100, nor more than the pace lets start within ten seconds',
    },
  },
  {
    property: 'P12',
    breaks: 'the cache holds one entry too many',
    file: `${SERVER}/phone/PhoneCache.ts`,
    from: 'new LRUCache({ max, ',
    to: 'new LRUCache({ max: max + 1, ',
    test: {
      file: `${SERVER}/phone/PhoneCache.test.ts`,
      name: 'holds 10,000 entries and not one more, after any sequence of operations',
    },
  },
  {
    property: 'P12',
    breaks: 'looking whether there is an entry keeps it',
    file: `${SERVER}/phone/PhoneCache.ts`,
    from: 'return this.#entries.has(keyOf(userId, phone))',
    to: 'return this.#entries.get(keyOf(userId, phone)) !== undefined',
    test: {
      file: `${SERVER}/phone/PhoneCache.test.ts`,
      name: 'answers as its model does, whatever is done with it, and never holds more than it may',
    },
  },
  {
    property: 'P13',
    breaks: 'the last minute is counted in seconds',
    file: 'contract/src/timeRemaining.ts',
    from: '  if (seconds < MINUTE_S) return LESS_THAN_A_MINUTE_LEFT[language]\n',
    to: '',
    test: {
      file: 'contract/src/timeRemaining.test.ts',
      name: 'every number of seconds has the promised form in every language',
    },
  },
  {
    property: 'P14',
    breaks: 'delivered messages do not count as accepted',
    file: `${SERVER}/dispatch/getEnhancedProgress.ts`,
    from: 'const accepted = acceptedOf(counts)',
    to: 'const accepted = counts.sent',
    test: {
      file: `${SERVER}/dispatch/enhancedProgress.test.ts`,
      name: 'the speed is what was accepted, by the minutes spent running: pauses do not count, nor does the time after the end',
    },
  },
  {
    property: 'P15',
    breaks: 'the oldest errors are shown',
    file: `${SERVER}/recipients/recipientQueries.ts`,
    from: ".orderBy('e.id', 'desc')",
    to: ".orderBy('e.id', 'asc')",
    test: {
      file: `${SERVER}/dispatch/enhancedProgress.test.ts`,
      name: 'of all errors at most five are shown: the newest, the last first, and none of another campaign',
    },
  },
  {
    property: 'P16',
    breaks: 'a carrier code stays in the number',
    file: 'contract/src/phone/brazil.ts',
    from: "if (digits.startsWith('0')) return withoutTwo(digits.slice(1))",
    to: "if (digits.startsWith('0')) return digits.slice(1)",
    test: { file: 'contract/src/phone/normalizePhoneInput.test.ts', name: 'normalise to one E.164' },
  },
  {
    property: 'P17',
    breaks: 'a cancel is noted as a pause',
    file: `${SERVER}/campaigns/CampaignService.ts`,
    from: "this.#move(actor, id, 'cancel', ",
    to: "this.#move(actor, id, 'pause', ",
    test: {
      file: `${SERVER}/campaigns/auditTrail.test.ts`,
      name: 'every operation has its one row with the right action, time and user, and a refused one has none',
    },
  },
  {
    property: 'P18',
    breaks: 'the trail of deleted campaigns is never removed',
    file: `${SERVER}/audit/sweeps.ts`,
    from: "    logSweep('deleted_campaigns', deletedAuditDays),\n",
    to: '',
    test: {
      file: `${SERVER}/audit/retention.test.ts`,
      name: 'stays 30 days, that of a deleted one 90 days after the deletion as well, and not longer; also when the campaign is purged',
    },
  },
]

/** P1 … P18. */
export const PROPERTIES: readonly string[] = Array.from({ length: 18 }, (_, n) => `P${n + 1}`)

/** The file's text with the mutation. Throws when what it changes is not there, or more than once: then it proves nothing. */
export function applyMutation(text: string, { property, file, from, to }: Mutation): string {
  const parts = text.split(from)
  if (parts.length !== 2) {
    const found = parts.length === 1 ? 'is not there any more' : `is there ${parts.length - 1} times`
    throw new Error(`${property}: what its mutation changes in ${file} ${found}: ${from.trim()}`)
  }
  return parts.join(to)
}
