/** The views of one campaign. Alone in a file: the router knows them before the page's code is there. */
export const CAMPAIGN_TABS = ['progress', 'people', 'report', 'settings', 'trail'] as const
export type CampaignTab = (typeof CAMPAIGN_TABS)[number]
