/** Names that WuzAPI takes in an event list. Others vanish without a word. */
export const EVENT_NAMES: ReadonlySet<string> = new Set(
  `Message UndecryptableMessage Receipt MediaRetry ReadReceipt GroupInfo JoinedGroup Picture BlocklistChange Blocklist
  Connected Disconnected ConnectFailure KeepAliveRestored KeepAliveTimeout QRTimeout LoggedOut ClientOutdated
  TemporaryBan StreamError StreamReplaced PairSuccess PairError QR QRScannedWithoutMultidevice PrivacySettings
  PushNameSetting UserAbout AppState AppStateSyncComplete HistorySync OfflineSyncCompleted OfflineSyncPreview
  CallOffer CallAccept CallTerminate CallOfferNotice CallRelayLatency Presence ChatPresence IdentityChange
  CATRefreshError NewsletterJoin NewsletterLeave NewsletterMuteChange NewsletterLiveUpdate FBMessage All`.split(/\s+/),
)

/** The known names of a list, each once, as WuzAPI stores them: separated by commas. */
export function storeEvents(names: string[]): string {
  return [...new Set(names.filter((name) => EVENT_NAMES.has(name)))].join(',')
}

/** The first name that WuzAPI does not know, or null. */
export function findUnknownEvent(names: string[]): string | null {
  return names.find((name) => !EVENT_NAMES.has(name)) ?? null
}

export function splitEvents(stored: string): string[] {
  return stored
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
