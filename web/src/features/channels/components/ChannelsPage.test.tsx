import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import type { Channel } from '#contract/channels.ts'
import { buildChannel, uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi } from '../../../../test/stubApi.ts'
import pt from '../../../text/pt.json'
import { ChannelsPage } from './ChannelsPage.tsx'

const TOKEN = 'wz-4f9a8c1e77d3'

function stubChannels(channels: Channel[], more: Parameters<typeof stubApi>[0] = {}) {
  const status = {
    status: 'ready',
    connected: true,
    loggedIn: true,
    number: '5511987654321',
    checkedAt: '2026-11-22T12:00:00Z',
  }
  return stubApi({
    'GET /api/user/channels': () => ({ body: { items: channels, nextCursor: null } }),
    [`GET /api/user/channels/${uuid(10)}/status`]: () => ({ body: status }),
    [`GET /api/user/channels/${uuid(11)}/status`]: () => ({ body: status }),
    'GET /api/user/overview': () => ({ body: { channels: [{ id: uuid(10), sentToday: 340 }] } }),
    ...more,
  })
}

describe('ChannelsPage', () => {
  test('the state shown is what the gateway says now, not what was stored', async () => {
    stubChannels([buildChannel({ status: 'disconnected' })])
    renderPart(<ChannelsPage />)
    expect(await screen.findByText('Pronto')).toBeVisible()
    expect(screen.getByText('+55 11 98765-4321')).toBeVisible()
  })

  test('a gateway that refuses the token shows it on the channel and signs nobody out', async () => {
    stubChannels([buildChannel()], {
      [`GET /api/user/channels/${uuid(10)}/status`]: () => refusal('CHANNEL_UNAUTHORIZED'),
    })
    renderPart(<ChannelsPage />)
    expect(await screen.findByText('O servidor do canal não aceita o token.')).toBeVisible()
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument()
  })

  test('without channels it says what to do, and a simulator takes one press', async () => {
    const channels: Channel[] = []
    const calls = stubChannels(channels, {
      'POST /api/user/channels': () => {
        channels.push(buildChannel({ gateway: 'sandbox', name: 'Simulador', baseUrl: null }))
        return { status: 201, body: channels[0] }
      },
    })
    const { user } = renderPart(<ChannelsPage />)
    expect(await screen.findByText('Nenhum canal ainda')).toBeVisible()
    await user.click(screen.getByRole('button', { name: 'Criar simulador' }))
    expect(await screen.findByRole('heading', { name: 'Simulador' })).toBeVisible()
    expect(calls.find(({ method }) => method === 'POST')?.body).toEqual({ gateway: 'sandbox', name: 'Simulador' })
  })

  test('a refused address keeps the dialog and all that was typed', async () => {
    stubChannels([], { 'POST /api/user/channels': () => refusal('GATEWAY_HOST_NOT_ALLOWED') })
    const { user } = renderPart(<ChannelsPage />)
    await user.click(await screen.findByRole('button', { name: 'Conectar número' }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.type(dialog.getByLabelText('Nome do canal'), 'Loja')
    await user.type(dialog.getByLabelText('Endereço do WuzAPI'), 'https://wuzapi.example.com')
    await user.type(dialog.getByLabelText('Token'), TOKEN)
    await user.click(dialog.getByRole('button', { name: 'Conectar' }))
    expect(await dialog.findByText('Só um administrador pode usar este endereço.')).toBeVisible()
    expect(dialog.getByLabelText('Nome do canal')).toHaveValue('Loja')
    expect(dialog.getByLabelText('Token')).toHaveValue(TOKEN)
  })

  test('a token is sent once and found nowhere afterwards: page, storage, query cache, console', async () => {
    const logged = vi.spyOn(console, 'log').mockImplementation(() => {})
    const channels: Channel[] = []
    const calls = stubChannels(channels, {
      'POST /api/user/channels': () => {
        channels.push(buildChannel())
        return { status: 201, body: channels[0] }
      },
    })
    const { user, client, baseElement } = renderPart(<ChannelsPage />)
    await user.click(await screen.findByRole('button', { name: 'Conectar número' }))
    await user.type(screen.getByLabelText('Nome do canal'), 'Loja')
    await user.type(screen.getByLabelText('Endereço do WuzAPI'), 'https://wuzapi.example.com')
    await user.type(screen.getByLabelText('Token'), TOKEN)
    await user.click(screen.getByRole('button', { name: 'Conectar' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
    await screen.findByRole('heading', { name: 'Loja' })
    expect(calls.find(({ method }) => method === 'POST')?.body).toMatchObject({ gateway: 'wuzapi', token: TOKEN })
    await waitFor(() => expect(client.getMutationCache().getAll()).toHaveLength(0))
    const kept = [
      baseElement.innerHTML,
      JSON.stringify({ ...localStorage }),
      JSON.stringify(
        client
          .getQueryCache()
          .getAll()
          .map((query) => query.state),
      ),
    ]
    for (const place of kept) expect(place).not.toContain(TOKEN)
    expect(logged).not.toHaveBeenCalled()
    await user.click(screen.getByRole('button', { name: 'Editar Loja' }))
    expect(await screen.findByText('Há um token guardado. Ele não é mostrado.')).toBeVisible()
    expect(screen.queryByLabelText('Novo token')).not.toBeInTheDocument()
  })

  test('editing sends only what changed, and a new token only when one was asked for', async () => {
    const calls = stubChannels([buildChannel()], {
      [`PATCH /api/user/channels/${uuid(10)}`]: () => ({ body: buildChannel() }),
    })
    const { user } = renderPart(<ChannelsPage />)
    await user.click(await screen.findByRole('button', { name: 'Editar Loja' }))
    const name = await screen.findByLabelText('Nome do canal')
    await user.clear(name)
    await user.type(name, 'Loja nova')
    await user.click(screen.getByRole('button', { name: 'Trocar token' }))
    await user.type(screen.getByLabelText('Novo token'), 'thrown away')
    await user.click(screen.getByRole('button', { name: 'Manter o token atual' }))
    await user.click(screen.getByRole('button', { name: 'Salvar' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
    expect(calls.find(({ method }) => method === 'PATCH')?.body).toEqual({ name: 'Loja nova' })
  })

  test('another address asks for the token, and travels with it', async () => {
    const calls = stubChannels([buildChannel()], {
      [`PATCH /api/user/channels/${uuid(10)}`]: () => ({ body: buildChannel() }),
    })
    const { user } = renderPart(<ChannelsPage />)
    await user.click(await screen.findByRole('button', { name: 'Editar Loja' }))
    const address = await screen.findByLabelText(pt.channels.baseUrl)
    await user.clear(address)
    await user.type(address, 'https://other.example')
    await user.click(screen.getByRole('button', { name: 'Salvar' }))
    expect(await screen.findByText(pt.fields.tokenForNewAddress)).toBeVisible()
    expect(calls.some(({ method }) => method === 'PATCH')).toBe(false)
    await user.type(screen.getByLabelText('Novo token'), 'made-for-there')
    await user.click(screen.getByRole('button', { name: 'Salvar' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
    const body = calls.find(({ method }) => method === 'PATCH')?.body
    expect(body).toEqual({ baseUrl: 'https://other.example', token: 'made-for-there' })
  })

  test('deleting asks first, and says why it cannot be done', async () => {
    const calls = stubChannels([buildChannel()], {
      [`DELETE /api/user/channels/${uuid(10)}`]: () => refusal('CHANNEL_IN_USE'),
    })
    const { user } = renderPart(<ChannelsPage />)
    await user.click(await screen.findByRole('button', { name: 'Mais ações de Loja' }))
    await user.click(await screen.findByRole('menuitem', { name: 'Excluir canal' }))
    const dialog = within(await screen.findByRole('alertdialog'))
    expect(calls.some(({ method }) => method === 'DELETE')).toBe(false)
    await user.click(dialog.getByRole('button', { name: 'Excluir canal' }))
    expect(await dialog.findByText('Uma campanha que ainda não terminou usa este canal.')).toBeVisible()
  })

  test('what has left today is shown against the daily cap', async () => {
    stubChannels([buildChannel({ dailyCap: 1000 })])
    renderPart(<ChannelsPage />)
    expect(await screen.findByText('Hoje: 340 de 1.000 enviadas')).toBeVisible()
    expect(screen.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '34')
  })

  test('the daily cap is set, and taken away by leaving the field empty', async () => {
    const calls = stubChannels([buildChannel({ dailyCap: 1000 })], {
      [`PATCH /api/user/channels/${uuid(10)}`]: () => ({ body: buildChannel() }),
    })
    const { user } = renderPart(<ChannelsPage />)
    await user.click(await screen.findByRole('button', { name: 'Editar Loja' }))
    const cap = await screen.findByLabelText(pt.channels.dailyCap)
    expect(cap).toHaveValue('1000')
    await user.clear(cap)
    await user.type(cap, 'muitas')
    await user.click(screen.getByRole('button', { name: 'Salvar' }))
    expect(cap).toBeInvalid()
    await user.clear(cap)
    await user.click(screen.getByRole('button', { name: 'Salvar' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
    expect(calls.find(({ method }) => method === 'PATCH')?.body).toEqual({ dailyCap: null })
  })

  test('a Cloud API number takes what Meta gives, and its secrets are found nowhere afterwards', async () => {
    const calls = stubChannels([], { 'POST /api/user/channels': () => ({ status: 201, body: buildChannel() }) })
    const { user, client, baseElement } = renderPart(<ChannelsPage />)
    await user.click(await screen.findByRole('button', { name: pt.channels.addCloud }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.click(dialog.getByRole('button', { name: 'Conectar' }))
    expect(await dialog.findAllByText(pt.fields.required)).toHaveLength(4)
    await user.type(dialog.getByLabelText('Nome do canal'), 'Oficial')
    await user.type(dialog.getByLabelText(pt.channels.cloud.phoneNumberId.label), '109876543210987')
    await user.type(dialog.getByLabelText(pt.channels.cloud.token.label), TOKEN)
    await user.type(dialog.getByLabelText(pt.channels.cloud.appSecret.label), 'segredo-do-app-5521')
    await user.click(dialog.getByRole('button', { name: 'Conectar' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument())
    expect(calls.find(({ method }) => method === 'POST')?.body).toEqual({
      gateway: 'cloud',
      name: 'Oficial',
      phoneNumberId: '109876543210987',
      token: TOKEN,
      appSecret: 'segredo-do-app-5521',
    })
    await waitFor(() => expect(client.getMutationCache().getAll()).toHaveLength(0))
    expect(baseElement.innerHTML + JSON.stringify({ ...localStorage })).not.toMatch(/segredo-do-app|wz-4f9a/)
  })

  test('a test message goes to one phone and says when it was read', async () => {
    const message = { messageId: uuid(50), phone: '+5511987654321', state: 'waiting', category: null }
    let asked = 0
    const calls = stubChannels([buildChannel()], {
      'POST /api/user/messages': () => ({ status: 201, body: message }),
      [`GET /api/user/messages/${uuid(50)}`]: () => ({ body: { ...message, state: asked++ < 1 ? 'sending' : 'read' } }),
    })
    const { user } = renderPart(<ChannelsPage />)
    await user.click(await screen.findByRole('button', { name: 'Testar Loja' }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.click(dialog.getByRole('button', { name: pt.channels.testSend }))
    expect(dialog.getByText(pt.fields.required)).toBeVisible()
    await user.type(dialog.getByLabelText(pt.channels.testPhone), '11 98765-4321')
    await user.click(dialog.getByRole('button', { name: pt.channels.testSend }))
    expect(await dialog.findByText('Lida em +55 11 98765-4321.')).toBeVisible()
    const sent = calls.filter(({ method }) => method === 'POST')
    expect(sent).toHaveLength(1)
    expect(sent[0]?.body).toMatchObject({ channelId: uuid(10), phone: '11 98765-4321' })
    expect(sent[0]?.headers.get('idempotency-key')).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('pairing', () => {
  const PNG = 'data:image/png;base64,iVBORw0KGgo='
  const qr = (state: string, code: string | null = null) => ({ body: { state, qr: code, expiresInSeconds: 20 } })
  const lost = {
    status: 'logged_out',
    connected: false,
    loggedIn: false,
    number: null,
    checkedAt: '2026-11-22T12:00:00Z',
  }
  const PAIR = {
    [`GET /api/user/channels/${uuid(10)}/status`]: () => ({ body: lost }),
    [`POST /api/user/channels/${uuid(10)}/connect`]: () => ({ body: { state: 'connecting' } }),
  }

  test('shows the code as soon as there is one, and says when the phone has scanned it', async () => {
    const answers = [qr('waiting'), qr('waiting', PNG), qr('connected')]
    const calls = stubChannels([buildChannel({ status: 'logged_out' })], {
      ...PAIR,
      [`GET /api/user/channels/${uuid(10)}/qr`]: () => answers.shift() ?? qr('connected'),
    })
    const { user } = renderPart(<ChannelsPage />)
    await user.click(await screen.findByRole('button', { name: 'Conectar' }))
    const dialog = within(await screen.findByRole('dialog'))
    expect(await dialog.findByRole('img', { name: pt.channels.pairCode })).toHaveAttribute('src', PNG)
    expect(await dialog.findByText('Loja está conectado.')).toBeVisible()
    expect(dialog.queryByRole('img')).not.toBeInTheDocument()
    expect(calls.filter(({ path }) => path.endsWith('/connect'))).toHaveLength(1)
  })

  test('a code that ran out is said so, and a new one is a press away', async () => {
    const answers = [qr('waiting', PNG), qr('expired')]
    const calls = stubChannels([buildChannel({ status: 'logged_out' })], {
      ...PAIR,
      [`GET /api/user/channels/${uuid(10)}/qr`]: () => answers.shift() ?? qr('waiting', `${PNG}2`),
    })
    const { user } = renderPart(<ChannelsPage />)
    await user.click(await screen.findByRole('button', { name: 'Conectar' }))
    expect(await screen.findByText(pt.channels.pairExpired)).toBeVisible()
    expect(screen.queryByRole('img')).not.toBeInTheDocument()
    await user.click(screen.getByRole('button', { name: pt.channels.pairAgain }))
    expect(await screen.findByRole('img', { name: pt.channels.pairCode })).toHaveAttribute('src', `${PNG}2`)
    expect(calls.filter(({ path }) => path.endsWith('/connect'))).toHaveLength(2)
  })

  test('the notice of a pause opens it for its channel; closing forgets the wish', async () => {
    const onConnectSeen = vi.fn()
    stubChannels([buildChannel({ status: 'logged_out' })], {
      ...PAIR,
      [`GET /api/user/channels/${uuid(10)}/qr`]: () => qr('waiting', PNG),
    })
    const { user } = renderPart(<ChannelsPage connectId={uuid(10)} onConnectSeen={onConnectSeen} />)
    const dialog = within(await screen.findByRole('dialog', { name: 'Conectar Loja' }))
    await user.click(dialog.getByRole('button', { name: pt.common.close }))
    expect(onConnectSeen).toHaveBeenCalled()
  })

  test('a gateway that cannot connect now says so in words, with another try', async () => {
    stubChannels([buildChannel({ status: 'logged_out' })], {
      ...PAIR,
      [`POST /api/user/channels/${uuid(10)}/connect`]: () => refusal('SERVER_BUSY'),
    })
    const { user } = renderPart(<ChannelsPage />)
    await user.click(await screen.findByRole('button', { name: 'Conectar' }))
    const dialog = within(await screen.findByRole('dialog'))
    expect(await dialog.findByText(pt.errors.SERVER_BUSY.message)).toBeVisible()
    expect(dialog.getByRole('button', { name: pt.common.retry })).toBeVisible()
  })
})
