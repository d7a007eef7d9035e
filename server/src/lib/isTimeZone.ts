import { Temporal } from 'temporal-polyfill'

/** Whether this is the name of a zone (IANA) that this Node knows. */
export function isTimeZone(timeZone: string): boolean {
  try {
    // An offset such as `+03:00` would pass as a zone, but knows nothing of clock changes; so would a whole instant.
    return /^[a-z]/i.test(timeZone) && Temporal.Now.zonedDateTimeISO(timeZone) !== undefined
  } catch {
    return false
  }
}
