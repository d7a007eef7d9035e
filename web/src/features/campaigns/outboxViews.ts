/** The parts of the outbox. Alone in a file: the router knows them before the page's code is there. */
export const OUTBOX_VIEWS = ['all', 'active', 'scheduled', 'finished', 'drafts'] as const
export type OutboxView = (typeof OUTBOX_VIEWS)[number]
