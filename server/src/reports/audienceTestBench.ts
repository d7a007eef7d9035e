import { randomUUID } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import type { CampaignDetails, CreatedCampaign } from '#contract/campaigns.ts'
import { AuditLogger } from '#server/audit/AuditLogger.ts'
import { AudiencePreparer } from '#server/campaigns/AudiencePreparer.ts'
import { CampaignCreator } from '#server/campaigns/CampaignCreator.ts'
import { campaignRateLimiter } from '#server/campaigns/campaignRateLimiter.ts'
import { campaignRoutes } from '#server/campaigns/campaignRoutes.ts'
import { CampaignService } from '#server/campaigns/CampaignService.ts'
import { frequencyCapRoutes } from '#server/campaigns/frequencyCapRoutes.ts'
import { ChannelService } from '#server/channels/ChannelService.ts'
import { addressBookRoutes } from '#server/contacts/addressBookRoutes.ts'
import { contactListRoutes } from '#server/contacts/contactListRoutes.ts'
import { contactRoutes } from '#server/contacts/contactRoutes.ts'
import { importRoutes } from '#server/contacts/importRoutes.ts'
import { createImportRunner } from '#server/contacts/importRunner.ts'
import { DispatchTestBench, untilTrue } from '#server/dispatch/dispatchTestBench.ts'
import { createTestApp, signInAs } from '#server/http/testApp.ts'
import { Bell } from '#server/lib/Bell.ts'
import { createPeople } from '#server/people/createPeople.ts'
import { peopleRoutes } from '#server/people/peopleRoutes.ts'
import { suppressionFileRoutes } from '#server/suppressions/suppressionFileRoutes.ts'
import { suppressionRoutes } from '#server/suppressions/suppressionRoutes.ts'
import { buildChannel, testBox, testSuppressions } from '#server/test/builders.ts'
import { testLog } from '#server/test/testDatabase.ts'
import { Preflighter } from './Preflighter.ts'
import { preflightRoutes } from './preflightRoutes.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
const HOST = '127.0.0.1'
/** A number that sends, and who it is at the sandbox. */
export type Phone = { channelId: string; sandboxUser: string }

export type AudienceTestBench = Awaited<ReturnType<typeof openAudienceTestBench>>

/** Contacts, campaigns and a worker against a sandbox: what is sent is read from its ledger. */
export async function openAudienceTestBench() {
  const dispatch = await DispatchTestBench.open()
  const { db, sandbox } = dispatch
  const [audit, bell, gateways] = [new AuditLogger(), new Bell(), dispatch.newGateways()]
  const channels = new ChannelService({
    db,
    box: testBox,
    gateways,
    sandbox: async () => ({ url: sandbox.url, adminToken: '' }),
    publicUrl: null,
    localUrl: () => null,
    allowedHosts: [],
    log: testLog,
  })
  const people = createPeople({ db, audit, list: testSuppressions, bell, gateways })
  const creator = new CampaignCreator({ db, audit, channels, suppressions: testSuppressions, bell })
  const campaigns = new CampaignService({ db, audit, channels, bell })
  const limiter = campaignRateLimiter({ db, creations: 1000, operations: 1000, progress: 1000 })
  const preparer = new AudiencePreparer({ db, audit, bell, log: testLog, pollMs: 50 })
  const runner = createImportRunner({ db, log: testLog, suppressions: testSuppressions, intervalMs: 50 })
  const app = await createTestApp(db, {
    routes: [
      suppressionRoutes(people),
      suppressionFileRoutes(people),
      contactRoutes(people),
      contactListRoutes(people),
      addressBookRoutes(people),
      peopleRoutes(people),
      importRoutes({
        db,
        suppressions: testSuppressions,
        maxUploadBytes: 1_000_000,
        onQueued: () => runner.nudge(),
      }),
      campaignRoutes({ db, campaigns, creator, limiter }),
      frequencyCapRoutes({ db, audit, bell }),
      preflightRoutes({ preflighter: new Preflighter({ db, creator }), limiter }),
    ],
  })
  let user = await signInAs(app, db, 'user')
  preparer.start()
  runner.start()

  const call = (method: Method, path: string, payload?: unknown, headers = {}): Promise<LightMyRequestResponse> =>
    app.inject({
      method,
      url: `/api/user${path}`,
      // As a browser does on our own pages.
      headers: { host: HOST, origin: `http://${HOST}`, cookie: user.cookie, ...headers },
      ...(payload === undefined ? {} : { payload: payload as object }),
    })
  const upload = (path: string, file: string, fields: Record<string, string> = {}) => {
    const boundary = randomUUID()
    const parts = Object.entries(fields).map(
      ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="lista.csv"\r\ncontent-type: text/csv\r\n\r\n`
    const payload = `${parts.join('')}${head}${file}\r\n--${boundary}--\r\n`
    return call('POST', path, payload, { 'content-type': `multipart/form-data; boundary=${boundary}` })
  }
  const details = async (id: string) => (await call('GET', `/bulk-campaigns/${id}`)).json<CampaignDetails>()

  return {
    dispatch,
    db,
    preparer,
    get user() {
      return user
    },
    newUser: async () => {
      user = await signInAs(app, db, 'user')
      return user
    },
    call,
    upload,
    details,
    newPhone: async (behaviour = {}): Promise<Phone> => {
      const channel = await buildChannel(db, user.id, { sandbox: { maxInFlight: 8 } })
      const sandboxUser = await sandbox.register(channel.token, { maxInFlight: 8, ...behaviour })
      return { channelId: channel.id, sandboxUser }
    },
    /** The numbers to which a request was made, each as often. */
    written: async ({ sandboxUser }: Phone): Promise<string[]> => {
      const lines = await sandbox.ledger(sandboxUser, 'accepted')
      return lines.map(({ number }) => `+${number}`).toSorted()
    },
    importCsv: async (csv: string): Promise<string> => {
      const answer = await upload('/imports', csv)
      if (answer.statusCode !== 202) throw new Error(answer.body)
      const { id } = answer.json<{ id: string }>()
      await untilTrue('the file is read', async () => {
        return (await call('GET', `/imports/${id}`)).json<{ status: string }>().status === 'completed'
      })
      return id
    },
    create: async (phone: Phone, recipients: object, more: object = {}): Promise<CreatedCampaign> => {
      const answer = await call('POST', '/bulk-campaigns', planOf(phone, recipients, more))
      if (answer.statusCode !== 201) throw new Error(answer.body)
      return answer.json<CreatedCampaign>()
    },
    untilPrepared: async (id: string): Promise<CampaignDetails> => {
      await untilTrue('the audience is there', async () => !(await details(id)).preparing)
      return details(id)
    },
    untilCompleted: async (id: string): Promise<CampaignDetails> => {
      await untilTrue('the campaign is over', async () => (await details(id)).status === 'completed')
      return details(id)
    },
    close: async () => {
      await Promise.all([preparer.stop(), runner.stop()])
      await dispatch.clear()
      await app.close()
      await gateways.close()
      await dispatch.close()
    },
  }
}

export function planOf({ channelId }: Phone, recipients: object, more: object = {}) {
  const messages = [{ type: 'text', content: 'Olá {{nome}}' }]
  return { name: 'Fornada', channelId, messages, recipients, delayMin: 0, delayMax: 0, ...more }
}
