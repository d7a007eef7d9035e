import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { beginDatabase } from '#server/beginDatabase.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { RetentionJob } from '#server/audit/RetentionJob.ts'
import { freeAllClaims } from '#server/auth/idempotencyKeys.ts'
import { signInDeps } from '#server/auth/signIn.ts'
import { AudiencePreparer } from '#server/campaigns/AudiencePreparer.ts'
import { CampaignCreator } from '#server/campaigns/CampaignCreator.ts'
import { CampaignDrafts } from '#server/campaigns/CampaignDrafts.ts'
import { CampaignKeeper } from '#server/campaigns/CampaignKeeper.ts'
import { campaignRateLimiter } from '#server/campaigns/campaignRateLimiter.ts'
import { CampaignService } from '#server/campaigns/CampaignService.ts'
import { UnknownDecider } from '#server/campaigns/UnknownDecider.ts'
import { ChannelPairing } from '#server/channels/ChannelPairing.ts'
import { ChannelService } from '#server/channels/ChannelService.ts'
import { numberGateway } from '#server/channels/numberGateway.ts'
import { hostRule } from '#server/channels/gatewayHosts.ts'
import { GatewayRegistry } from '#server/channels/GatewayRegistry.ts'
import { ensureSandbox, type Sandbox } from '#server/channels/sandboxProcess.ts'
import type { Config } from '#server/config.ts'
import { dailySweeps } from '#server/dailySweeps.ts'
import { createContent } from '#server/contacts/createContent.ts'
import { createImportRunner } from '#server/contacts/importRunner.ts'
import { CampaignScheduler } from '#server/dispatch/CampaignScheduler.ts'
import { ReconnectWatcher } from '#server/dispatch/ReconnectWatcher.ts'
import { StateSynchronizer } from '#server/dispatch/StateSynchronizer.ts'
import { apiRoutes } from '#server/http/apiRoutes.ts'
import { createApp } from '#server/http/app.ts'
import { Bell } from '#server/lib/Bell.ts'
import { SchemaWatch } from '#server/db/SchemaWatch.ts'
import type { Log } from '#server/lib/logger.ts'
import { LoopWatch } from '#server/lib/LoopWatch.ts'
import { Poller } from '#server/lib/Poller.ts'
import { loadSecretKey } from '#server/loadSecretKey.ts'
import { openStore, type Store } from '#server/openStore.ts'
import { KeyRingWatch } from '#server/secrets/KeyRingWatch.ts'
import { NumberChecker } from '#server/phone/NumberChecker.ts'
import { PhoneCache } from '#server/phone/PhoneCache.ts'
import { PhoneValidationService } from '#server/phone/PhoneValidationService.ts'
import { ConnectionApplier } from '#server/receipts/ConnectionApplier.ts'
import { MessageService } from '#server/messages/MessageService.ts'
import type { Stored } from '#server/receipts/hookRoutes.ts'
import { ReceiptApplier } from '#server/receipts/ReceiptApplier.ts'
import { CampaignReporter } from '#server/reports/CampaignReporter.ts'
import { CountSampler } from '#server/reports/CountSampler.ts'
import { OverviewReader } from '#server/reports/OverviewReader.ts'
import { Preflighter } from '#server/reports/Preflighter.ts'
import { createPeople } from '#server/people/createPeople.ts'
import { SuppressionList } from '#server/suppressions/SuppressionList.ts'

/** Cancelled campaigns close their rows within this, also when nobody rings. */
const SWEEP_MS = 5000
const SANDBOX_URL_LIFE_MS = 2000
const WEBHOOKS_EVERY_MS = 300_000

export type Product = {
  /** Where the web server listens; null in a process without one. */
  address: string | null
  /** Resolves when the product cannot go on, with the reason in one sentence. */
  failed: Promise<Error>
  /** Resolves when the database was changed without us (a newer program, a new key): time to finish and to end. */
  outdated: Promise<Error>
  /** Ends everything in the reverse order of its start. Safe to call twice. */
  stop(): Promise<void>
}

type Service = { start(): void | Promise<void>; stop(): Promise<void> }

/**
 * Opens the database that the settings name and starts the product on it. Throws what stopped the start, with nothing
 * left running.
 */
export async function startProduct(config: Config, log: Log, database = beginDatabase(config, log)): Promise<Product> {
  const secretKey = await loadSecretKey(config).catch(async (error: unknown) => {
    await (await database)?.stop()
    throw error
  })
  return startOnStore(openStore(config, secretKey, log, database), config, log)
}

/**
 * Builds the product from its settings and starts it: the one place where parts are made and handed to each other.
 * It is put together while the database starts. When it returns, what a restart left behind is in order and the web
 * server answers. The store is closed with it, and when it cannot start.
 */
export async function startOnStore(store: Store, config: Config, log: Log): Promise<Product> {
  const started: Service[] = [{ start: () => undefined, stop: () => store.close() }]
  let stopSending: () => Promise<void> = async () => undefined
  const stop = once(async () => {
    // First of all, and while everything else winds down: no further request to a gateway.
    const drained = stopSending()
    for (const service of started.toReversed()) await service.stop()
    await drained
  })
  try {
    const parts = buildParts(config, log, store)
    const web = config.role === 'worker' ? null : await buildWeb(config, log, store, parts)
    await store.ready
    stopSending = () => parts.scheduler.stop()
    // Nobody else can be alive on our own database: what was running waits for a person, unless settings say otherwise.
    if (store.isEmbedded) {
      await parts.synchronizer.restoreRunningCampaigns()
      await freeAllClaims(store.db)
    }
    started.push({ start: () => undefined, stop: () => parts.gateways.close() })
    await startAll([parts.loopWatch, parts.schemaWatch, parts.keyWatch], started)
    if (config.role !== 'api') await startAll(workerServices(config, log, parts), started)
    const outdated = Promise.race([parts.schemaWatch.outdated, parts.keyWatch.missed])
    if (web === null) return { address: null, failed: store.gaveUp, outdated, stop }
    started.push(web)
    const ownAddress = await web.listen()
    const address = config.publicUrl ?? ownAddress
    parts.local.url = address
    await startAll([webhookRegistrar(log, parts)], started)
    return { address, failed: store.gaveUp, outdated, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

type Parts = ReturnType<typeof buildParts>

function buildParts(config: Config, log: Log, store: Store) {
  const { db, leaseDb, box } = store
  const bell = new Bell()
  const audit = new AuditLogger()
  const list = new SuppressionList(box)
  const local: { url: string | null } = { url: null }
  const sandbox = sandboxOf(config, log)
  const gateways = new GatewayRegistry({
    box,
    sandboxUrl: rememberUrl(sandbox),
    deadlineMs: config.gatewayDeadlineMs,
    mayUse: hostRule(db, config.gatewayAllowedHosts),
  })
  const channels = new ChannelService({
    db,
    box,
    gateways,
    sandbox,
    publicUrl: config.publicUrl,
    localUrl: () => local.url,
    allowedHosts: config.gatewayAllowedHosts,
    log,
  })
  const numbers = new NumberChecker({
    db,
    cache: new PhoneCache(),
    gateway: numberGateway({ db, gateways }),
    perHour: config.phoneChecksPerHour,
    findErased: (trx, userId, phones) => list.lockAndFindErased(trx, userId, phones),
  })
  const keeper = new CampaignKeeper({ db, audit, bell })
  const watcher = new ReconnectWatcher({ db, channels, keeper, log })
  const creator = new CampaignCreator({ db, audit, channels, suppressions: list, bell })
  const leaseMs = config.leaseSeconds * 1000
  const scheduler = new CampaignScheduler({
    db,
    leaseDb,
    gateways,
    keeper,
    bell,
    log,
    leaseMs,
    pollMs: config.pollMs,
    drainMs: config.drainSeconds * 1000,
    batchSize: config.batchSize,
  })
  return {
    db,
    box,
    audit,
    bell,
    local,
    gateways,
    channels,
    pairing: new ChannelPairing({ db, audit, gateways, channels }),
    numbers,
    phones: new PhoneValidationService(numbers),
    keeper,
    campaigns: new CampaignService({ db, audit, channels, bell }),
    creator,
    drafts: new CampaignDrafts({ db, audit }),
    preflighter: new Preflighter({ db, creator }),
    overview: new OverviewReader({ db }),
    reporter: new CampaignReporter({ db }),
    sampler: new CountSampler({ db, log }),
    messages: new MessageService({ db, audit, suppressions: list, bell }),
    content: createContent({ db, audit, quotaBytes: config.mediaQuotaBytes }),
    people: createPeople({ db, audit, list, bell, gateways }),
    unknown: new UnknownDecider({ db, audit, bell }),
    preparer: new AudiencePreparer({ db, audit, bell, log, pollMs: config.pollMs }),
    applier: new ReceiptApplier({ db, log, pollMs: config.pollMs }),
    connections: new ConnectionApplier({
      db,
      channels,
      keeper,
      onConnected: () => watcher.nudge(),
      log,
      pollMs: config.pollMs,
    }),
    importRunner: createImportRunner({ db, log, suppressions: list, leaseSeconds: config.leaseSeconds }),
    retention: new RetentionJob({ db, audit, log, sweeps: dailySweeps(config) }),
    loopWatch: new LoopWatch(log),
    schemaWatch: new SchemaWatch({ db: leaseDb, log, intervalMs: leaseMs / 3 }),
    keyWatch: new KeyRingWatch({ db: leaseDb, box, log }),
    watcher,
    scheduler,
    synchronizer: new StateSynchronizer({
      db,
      keeper,
      log,
      leaseMs,
      syncMs: config.syncSeconds * 1000,
      workerId: scheduler.workerId,
      resumes: config.resumeOnStart,
    }),
  }
}

/** What a worker does, in the order of its start. */
function workerServices(config: Config, log: Log, parts: Parts): Service[] {
  const sweeper = new Poller({ work: () => parts.keeper.sweepCancelled(), intervalMs: SWEEP_MS, log })
  parts.bell.onRing(() => sweeper.nudge())
  const starter = new Poller({ work: () => parts.keeper.startDue(), intervalMs: config.pollMs, log })
  const { synchronizer } = parts
  return [
    sweeper,
    parts.applier,
    parts.connections,
    parts.importRunner,
    // Registers our worker. What starts campaigns comes after it, because a worker takes nothing that was started before
    // it registered; so does whoever asks whether a living worker may take a campaign.
    parts.scheduler,
    parts.preparer,
    starter,
    parts.watcher,
    parts.retention,
    parts.sampler,
    { start: () => synchronizer.startSync(), stop: () => synchronizer.stopSync() },
  ]
}

async function buildWeb(config: Config, log: Log, store: Store, parts: Parts) {
  const auth = signInDeps(parts, config)
  const limiter = campaignRateLimiter({
    db: store.db,
    creations: config.campaignCreateLimit,
    operations: config.campaignOperationLimit,
    progress: config.progressLimit,
  })
  let closing = false
  const app: FastifyInstance = await createApp({
    config,
    log,
    db: store.db,
    sessions: auth.sessions,
    box: parts.box,
    whyNotReady: () => (closing ? 'The process is stopping.' : null),
    routes: apiRoutes({
      auth,
      channels: parts,
      phones: parts,
      people: parts.people,
      imports: {
        db: store.db,
        suppressions: new SuppressionList(parts.box),
        maxUploadBytes: config.maxUploadBytes,
        onQueued: () => parts.importRunner.nudge(),
      },
      content: { ...parts.content, maxMediaBytes: config.maxMediaBytes },
      campaigns: { ...parts, limiter },
      messages: { ...parts, limiter },
      progress: { db: store.db, limiter },
      reports: { ...parts, limiter },
      audit: parts,
      hooks: { db: store.db, box: parts.box, onStored: (stored) => nudge(parts, stored) },
    }),
  })
  return {
    /** Returns the address of its own, `http://host:port`. */
    listen: () => app.listen({ host: config.host, port: config.port }),
    start: () => undefined,
    stop: async () => {
      closing = true
      await app.close()
    },
  }
}

function nudge({ applier, connections }: Parts, stored: Stored): void {
  if (stored.receipts > 0) applier.nudge()
  if (stored.connections > 0) connections.nudge()
}

/** Our address may be another one than at the last start; gateways that were away are told later. */
function webhookRegistrar(log: Log, parts: Parts): Service {
  return new Poller({ work: () => parts.channels.registerWebhooks(), intervalMs: WEBHOOKS_EVERY_MS, log })
}

/** The dispatch asks several times a second; whether the sandbox still lives is looked at every few seconds only. */
function rememberUrl(sandbox: () => Promise<Sandbox>): () => Promise<string> {
  let url = ''
  let goodUntil = -Infinity
  return async () => {
    if (performance.now() >= goodUntil) {
      url = (await sandbox()).url
      goodUntil = performance.now() + SANDBOX_URL_LIFE_MS
    }
    return url
  }
}

/** The sandbox that settings name, or the one beside our data, started when first needed. */
function sandboxOf(config: Config, log: Log): () => Promise<Sandbox> {
  const { sandboxUrl, sandboxToken } = config
  if (sandboxUrl !== null) return async () => ({ url: sandboxUrl, adminToken: sandboxToken ?? '' })
  return () => ensureSandbox({ directory: join(config.dataDir, 'sandbox'), log })
}

async function startAll(services: Service[], started: Service[]): Promise<void> {
  for (const service of services) {
    await service.start()
    started.push(service)
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => (running ??= work())
}
