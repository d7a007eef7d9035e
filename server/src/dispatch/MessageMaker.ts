import type { OutgoingContent } from '#server/channels/gateways/Gateway.ts'
import { AppError } from '#server/lib/AppError.ts'
import type { LoadMedium } from '#server/media/MediaCache.ts'
import type { ClaimedRecipient } from '#server/recipients/claimRecipients.ts'
import { compileFallback, compileMessage, type CompiledMessage } from '#server/templates/compileMessage.ts'
import { recipientScope } from '#server/templates/recipientScope.ts'
import type { RunningCampaign } from './dispatchQueries.ts'

type Campaign = Pick<RunningCampaign, 'userId' | 'messages' | 'timeZone'>

/** Makes the messages of one campaign. Files are read when first needed and shared by everybody who gets them. */
export class MessageMaker {
  readonly #campaign: Campaign
  readonly #loadMedium: LoadMedium
  readonly #mediaIds: string[]
  readonly #compiled = new Map<number, CompiledMessage>()
  readonly #fallbacks = new Map<number, CompiledMessage>()

  constructor(campaign: Campaign, loadMedium: LoadMedium) {
    this.#campaign = campaign
    this.#loadMedium = loadMedium
    this.#mediaIds = campaign.messages.flatMap((message) => ('mediaId' in message ? message.mediaId : []))
  }

  /** Whether a step has a text that goes where its file cannot. */
  hasFallback(step: number): boolean {
    const message = this.#campaign.messages[step]
    return message !== undefined && 'textFallback' in message && message.textFallback !== undefined
  }

  /**
   * Reads the files of all steps, before anybody is claimed: a database that is out of reach then costs no recipient an
   * attempt. Null where there is nothing to read. A file that is not there is each recipient's own failure.
   */
  prepare(): Promise<unknown> | null {
    if (this.#mediaIds.length === 0) return null
    return Promise.all(this.#mediaIds.map((id) => this.#loadMedium(this.#campaign.userId, id)))
  }

  /** Pure but for reading the file: the same claim gives the same bytes. Throws TEMPLATE_INVALID. */
  make(recipient: ClaimedRecipient): OutgoingContent | Promise<OutgoingContent> {
    const { step, usesFallback } = recipient
    const message = this.#campaign.messages[step]
    if (message === undefined) throw new Error(`Step ${step} is beyond the sequence.`)
    const scope = recipientScope({ ...recipient, timeZone: this.#campaign.timeZone })
    if (usesFallback) return this.#fallbackOf(step)(scope)
    const compiled = remembered(this.#compiled, step, () => compileMessage(message))
    if (!('mediaId' in message)) return compiled(scope)
    return this.#loadMedium(this.#campaign.userId, message.mediaId).then((medium) => {
      if (medium !== null) return compiled(scope, medium)
      throw new AppError('TEMPLATE_INVALID', {
        details: { message: 'The file of this message is not there any more.' },
      })
    })
  }

  #fallbackOf(step: number): CompiledMessage {
    return remembered(this.#fallbacks, step, () => {
      const message = this.#campaign.messages[step]
      const compiled = message === undefined ? null : compileFallback(message)
      if (compiled === null) throw new Error(`Step ${step} has no text to fall back to.`)
      return compiled
    })
  }
}

/** Compiled when first needed: a text that an older version accepted fails its recipients and not the whole channel. */
function remembered(
  known: Map<number, CompiledMessage>,
  step: number,
  compile: () => CompiledMessage,
): CompiledMessage {
  const compiled = known.get(step) ?? compile()
  known.set(step, compiled)
  return compiled
}
