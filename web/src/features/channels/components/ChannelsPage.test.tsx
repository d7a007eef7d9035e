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
    ...more,
  })
}

describe('ChannelsPage', () => {
  test('the state shown is what the gateway says now, not what was stored', async () => {
    stubChannels([buildChannel({ status: 'disconnected' })])
    renderPart(<ChannelsPage />)
    expect(await screen.findByText('Pronto')).toBeVisible()
    expect(screen.getByText('+5511987654321')).toBeVisible()
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
    await user.click(await screen.findByRole('button', { name: 'Excluir Loja' }))
    const dialog = within(await screen.findByRole('alertdialog'))
    expect(calls.some(({ method }) => method === 'DELETE')).toBe(false)
    await user.click(dialog.getByRole('button', { name: 'Excluir canal' }))
    expect(await dialog.findByText('Uma campanha que ainda não terminou usa este canal.')).toBeVisible()
  })
})
