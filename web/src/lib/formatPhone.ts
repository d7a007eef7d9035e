/** +55, the area code, and eight or nine digits. */
const BRAZILIAN = /^\+55(\d{2})(\d{4,5})(\d{4})$/

/** A number as it is read aloud: `+55 11 98765-4321`. Of other countries the digits stand as they are dialled. */
export function formatPhone(e164: string): string {
  return e164.replace(BRAZILIAN, '+55 $1 $2-$3')
}
