import type { CampaignProgress, Stats } from '#contract/campaigns.ts'
import type { Channel } from '#contract/channels.ts'
import type { ContactImport } from '#contract/imports.ts'
import type { SingleMessage } from '#contract/messages.ts'
import type { PhoneValidation } from '#contract/phones.ts'
import { NO_COUNTS, totalOf, type Counts } from '#contract/states.ts'

const AT = '2026-11-22T12:00:00.000Z'

/** Some id of a row; the same number gives the same id. */
export function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
}

export function buildStats(counts: Partial<Counts> = {}): Stats {
  const all = { ...NO_COUNTS, ...counts }
  return { ...all, total: totalOf(all) }
}

export function buildProgress(overrides: Partial<CampaignProgress> = {}): CampaignProgress {
  return {
    campaignId: uuid(1),
    status: 'running',
    pauseReason: null,
    preparing: false,
    startRequested: false,
    stats: buildStats({ pending: 10 }),
    estimatedTimeRemaining: null,
    estimatedSecondsRemaining: null,
    averageSpeed: null,
    recentErrors: [],
    failedByCategory: {},
    waitsUntil: null,
    waitsFor: null,
    startedAt: AT,
    finishedAt: null,
    at: AT,
    ...overrides,
  }
}

export function buildChannel(overrides: Partial<Channel> = {}): Channel {
  return {
    id: uuid(10),
    name: 'Loja',
    gateway: 'wuzapi',
    baseUrl: 'https://wuzapi.example.com',
    minDelay: 0,
    dailyCap: null,
    timeZone: 'America/Sao_Paulo',
    status: 'ready',
    statusCheckedAt: AT,
    createdAt: AT,
    ...overrides,
  }
}

export function buildImport(overrides: Partial<ContactImport> = {}): ContactImport {
  return {
    id: uuid(20),
    fileName: 'contatos.csv',
    status: 'completed',
    defaultCountry: 'BR',
    bytesTotal: 1000,
    bytesRead: 1000,
    rows: 10,
    accepted: 7,
    created: 5,
    duplicates: 2,
    rejected: 1,
    warnings: 1,
    columns: ['Nome', 'Telefone', 'Código Postal'],
    encoding: 'utf-8',
    delimiter: ';',
    mapping: { phoneColumns: [1], nameColumn: 0, leftOut: [], renamed: [] },
    undo: null,
    failure: null,
    createdAt: AT,
    finishedAt: AT,
    ...overrides,
  }
}

export function buildMessage(overrides: Partial<SingleMessage> = {}): SingleMessage {
  return {
    messageId: uuid(30),
    channelId: uuid(10),
    phone: '+5511987654321',
    name: null,
    message: { type: 'text', content: 'Seu bolo está pronto' },
    state: 'waiting',
    reason: null,
    category: null,
    code: null,
    attempts: 0,
    nextAttemptAt: null,
    gatewayMessageId: 'RVD0000000000000000001',
    scheduledAt: null,
    timeZone: 'America/Sao_Paulo',
    createdAt: AT,
    statusAt: AT,
    ...overrides,
  }
}

export function buildValidation(overrides: Partial<PhoneValidation> = {}): PhoneValidation {
  return {
    isValid: true,
    normalized: '+5511987654321',
    validatedPhone: '+5511987654321',
    jid: '5511987654321@s.whatsapp.net',
    suggestion: null,
    error: null,
    country: 'BR',
    warnings: [],
    others: [],
    check: { state: 'onWhatsapp', obstacle: null, retryAfterSeconds: null, checkedAt: AT },
    ...overrides,
  }
}
