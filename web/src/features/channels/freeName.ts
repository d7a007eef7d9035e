/** "Simulador", then "Simulador 2": names are unique in an account. */
export function freeName(name: string, channels: readonly { name: string }[]): string {
  const taken = new Set(channels.map((channel) => channel.name))
  if (!taken.has(name)) return name
  let number = 2
  while (taken.has(`${name} ${number}`)) number++
  return `${name} ${number}`
}
