import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { ChannelService } from '#server/channels/ChannelService.ts'
import { GatewayRegistry } from '#server/channels/GatewayRegistry.ts'
import { progressRoutes } from '#server/dispatch/progressRoutes.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { Bell } from '#server/lib/Bell.ts'
import { TestSandbox } from '#server/sandbox/testSandbox.ts'
import { buildChannel, testBox, testSuppressions } from '#server/test/builders.ts'
import { createTestDatabase, testLog, type TestDatabase } from '#server/test/testDatabase.ts'
import { AudiencePreparer } from './AudiencePreparer.ts'
import { CampaignCreator } from './CampaignCreator.ts'
import { CampaignKeeper } from './CampaignKeeper.ts'
import { campaignRateLimiter } from './campaignRateLimiter.ts'
import { campaignRoutes } from './campaignRoutes.ts'
import { CampaignService } from './CampaignService.ts'
import { followUpRoutes } from './followUpRoutes.ts'
import { UnknownDecider } from './UnknownDecider.ts'

const PATH = '/api/user/bulk-campaigns'

export type CampaignTestBench = Awaited<ReturnType<typeof createCampaignTestBench>>

/** The campaign API on a database of its own, with a sandbox, one user and one channel; nothing is sent. */
export async function createCampaignTestBench(limits = { creations: 1000, operations: 1000, progress: 10_000 }) {
  const test: TestDatabase = await createTestDatabase()
  const sandbox = await TestSandbox.start()
  const { db } = test
  const [bell, audit] = [new Bell(), new AuditLogger()]
  const channels = new ChannelService({
    db,
    box: testBox,
    gateways: new GatewayRegistry({ box: testBox, sandboxUrl: async () => sandbox.url }),
    sandbox: async () => ({ url: sandbox.url, adminToken: '' }),
    publicUrl: null,
    localUrl: () => null,
    allowedHosts: [],
    log: testLog,
  })
  const campaigns = new CampaignService({ db, audit, channels, bell })
  const creator = new CampaignCreator({ db, audit, channels, suppressions: testSuppressions, bell })
  const unknown = new UnknownDecider({ db, audit, bell })
  const preparer = new AudiencePreparer({ db, audit, bell, log: testLog, pollMs: 50 })
  const limiter = campaignRateLimiter({ db, ...limits })
  const app: FastifyInstance = await createTestApp(db, {
    routes: [
      campaignRoutes({ db, campaigns, creator, limiter }),
      followUpRoutes({ db, campaigns, creator, unknown, limiter }),
      progressRoutes({ db, limiter }),
    ],
  })
  const user = await signInAs(app, db, 'user')
  const channel = await buildChannel(db, user.id)
  await sandbox.register(channel.token)

  return {
    db,
    app,
    audit,
    preparer,
    user,
    channel,
    keeper: new CampaignKeeper({ db, audit, bell }),
    owner: { userId: user.id, channelId: channel.id },
    plan: (changes: object = {}) => ({
      name: 'Fornada',
      channelId: channel.id,
      messages: [{ type: 'text', content: 'Olá {{nome}}' }],
      recipients: {
        contacts: [{ phone: '11 98765-4321', name: 'Ana' }, { phone: '+55 11 98765-4322' }, { phone: 'x' }],
      },
      delayMin: 0,
      delayMax: 0,
      ...changes,
    }),
    call: (
      method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
      path: string,
      payload?: object,
      headers: Record<string, string> = {},
    ): Promise<LightMyRequestResponse> =>
      app.inject({
        method,
        url: PATH + path,
        headers: { cookie: user.cookie, ...headers },
        ...(payload === undefined ? {} : { payload }),
      }),
    close: async () => {
      await preparer.stop()
      await app.close()
      await sandbox.stop()
      await test.close()
    },
  }
}
