import type { CampaignMessage } from '#contract/campaignMessages.ts'
import { AppError } from '#server/lib/AppError.ts'
import { checkHttpAddress, checkResolvedAddress } from '#server/lib/outboundAddress.ts'

/** Up to the end of the host, where no variable comes before that. */
const FIXED_HOST = /^[a-z]+:[/\\]*[^/\\?#{]+(?:[/\\?#]|$)/i

/**
 * Every link that a gateway would fetch must lead to the public internet, whoever names it. A host that is made of
 * variables is known only when the message goes out; the adapter checks every link then, and again. Throws
 * UNPROCESSABLE that names the field.
 */
export async function checkLinks(
  messages: CampaignMessage[],
  fieldOf = (index: number) => `messages.${index}`,
): Promise<void> {
  for (const [index, message] of messages.entries()) {
    if (message.type !== 'template' || message.header === undefined || message.header.type === 'text') continue
    const refusal = await refusalOf(message.header.link)
    if (refusal === null) continue
    throw new AppError('UNPROCESSABLE', { details: [{ field: `${fieldOf(index)}.header.link`, message: refusal }] })
  }
}

async function refusalOf(link: string): Promise<string | null> {
  const [beginning] = FIXED_HOST.exec(link) ?? []
  if (beginning === undefined) return link.includes('{') ? null : refusalIn(checkHttpAddress(link))
  return refusalIn(await checkResolvedAddress(link.includes('{') ? beginning : link))
}

function refusalIn(checked: { refusal: string } | object): string | null {
  return 'refusal' in checked ? checked.refusal : null
}
