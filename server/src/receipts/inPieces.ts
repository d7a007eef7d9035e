import type { GatewayEvent } from '#server/channels/gateways/Gateway.ts'

export type ReceiptEvent = Extract<GatewayEvent, { type: 'receipt' }>
export type Piece = { events: ReceiptEvent[]; receipts: number }

/**
 * The receipts of one call, in their order, in pieces of at most `most`: Meta reports a thousand at once, and nobody
 * keeps a caller from naming ten thousand ids in one event. The same call always falls into the same pieces.
 */
export function inPieces(events: ReceiptEvent[], most: number): Piece[] {
  const pieces: Piece[] = []
  for (const event of events) {
    for (let from = 0; from < event.messageIds.length; from += most) {
      const messageIds = event.messageIds.slice(from, from + most)
      const last = pieces.at(-1)
      const part = { ...event, messageIds }
      if (last === undefined || last.receipts + messageIds.length > most)
        pieces.push({ events: [part], receipts: messageIds.length })
      else {
        last.events.push(part)
        last.receipts += messageIds.length
      }
    }
  }
  return pieces
}
