/** Invented; the numbers belong to nobody as far as the simulator is concerned, and nothing leaves it. */
export const EXAMPLE_PEOPLE = [
  { phone: '+5511900000001', name: 'Maria Souza' },
  { phone: '+5521900000002', name: 'João Pereira' },
  { phone: '+5531900000003', name: 'Antônia Lima' },
] as const
