/** The wall clock of a zone at an instant, as `<input type="datetime-local">` writes it: `2026-12-01T09:00`. */
export function nowIn(timeZone: string, at: Date): string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  return `${parts['year']}-${parts['month']}-${parts['day']}T${parts['hour']}:${parts['minute']}`
}

/** Of two wall times of one zone; the same minute is not before. */
export function isBefore(wallTime: string, other: string): boolean {
  return wallTime.slice(0, 16) < other.slice(0, 16)
}
