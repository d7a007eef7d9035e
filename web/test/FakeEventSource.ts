import { act } from '@testing-library/react'
import type { CampaignProgress } from '#contract/campaigns.ts'

/** Stands in for EventSource: the test sends the events and cuts the line. */
export class FakeEventSource extends EventTarget {
  static opened: FakeEventSource[] = []
  closed = false
  readonly url: string

  constructor(url: string) {
    super()
    this.url = url
    FakeEventSource.opened.push(this)
  }

  static get last(): FakeEventSource {
    const last = FakeEventSource.opened.at(-1)
    if (last === undefined) throw new Error('no stream was opened')
    return last
  }

  close(): void {
    this.closed = true
  }

  send(progress: CampaignProgress): void {
    act(() => void this.dispatchEvent(new MessageEvent('progress', { data: JSON.stringify(progress) })))
  }

  cut(): void {
    act(() => void this.dispatchEvent(new Event('error')))
  }
}
