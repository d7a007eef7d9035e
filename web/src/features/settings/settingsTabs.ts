export const SETTINGS_TABS = ['account', 'security', 'sessions', 'keys', 'sending'] as const
export type SettingsTab = (typeof SETTINGS_TABS)[number]
