/**
 * A number (E.164) as people write it: Brazilian ones with their area code apart, those of others in groups of three.
 * What is no such number comes back as it is.
 */
export function formatPhone(phone: string): string {
  const brazilian = /^\+55(\d\d)(\d{4,5})(\d{4})$/.exec(phone)
  if (brazilian !== null) return `+55 ${brazilian[1]} ${brazilian[2]}-${brazilian[3]}`
  return phone
}
