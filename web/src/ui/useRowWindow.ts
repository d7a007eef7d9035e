import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useState, type RefObject } from 'react'

/** Up to here all rows are simply there: the page's own search and a screen reader then find everything. */
const ALL_AT_ONCE = 100
const ROW_PX = 56

type ShownRow = {
  index: number
  offset: number | null
  measure: (element: HTMLElement | null) => void
}
type RowWindow = { rows: ShownRow[]; height: number | undefined; /** One behind the last that is shown. */ end: number }

/** Which rows exist, for a list that scrolls with the page. */
export function useRowWindow(count: number, body: RefObject<HTMLElement | null>): RowWindow {
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    const element = body.current
    if (element !== null) setTop(element.getBoundingClientRect().top + window.scrollY)
  }, [body, count])
  const virtualizer = useWindowVirtualizer({
    count,
    estimateSize: () => ROW_PX,
    // A row that is not laid out (a hidden page) has no height; taken at its word, all rows would fit on the screen.
    measureElement: (element) => element.getBoundingClientRect().height || ROW_PX,
    overscan: 12,
    scrollMargin: top,
  })
  const items = virtualizer.getVirtualItems()
  const end = (items.at(-1)?.index ?? -1) + 1
  const measure = virtualizer.measureElement
  if (count <= ALL_AT_ONCE) {
    const rows = Array.from({ length: count }, (_, index) => ({ index, offset: null, measure }))
    return { rows, height: undefined, end }
  }
  return {
    rows: items.map((item) => ({ index: item.index, offset: item.start - top, measure })),
    height: virtualizer.getTotalSize(),
    end,
  }
}
