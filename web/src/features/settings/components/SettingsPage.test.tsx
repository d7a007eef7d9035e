import { screen, waitFor, within } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import type { ApiKey, Me, Session } from '#contract/auth.ts'
import { uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi, type Call } from '../../../../test/stubApi.ts'
import type { SettingsTab } from '../settingsTabs.ts'
import { SettingsPage } from './SettingsPage.tsx'

const ME: Me = { id: uuid(1), name: 'Ana Prado', email: 'ana@example.com', role: 'user' }
const AT = '2026-11-22T12:00:00.000Z'
const FACTOR = 'GET /api/user/second-factor'
const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const OFFER = { secret: SECRET, otpauthUrl: `otpauth://totp/Revoada:ana%40example.com?secret=${SECRET}` }

function open(tab: SettingsTab) {
  const onMe = vi.fn()
  const page = renderPart(<SettingsPage me={ME} tab={tab} onTab={() => undefined} preferences="Idioma" onMe={onMe} />)
  return { ...page, onMe }
}

const off = () => ({ body: { on: false, backupCodesLeft: 0 } })
const posts = (calls: Call[]) => calls.filter(({ method }) => method === 'POST')

function section(name: string) {
  return within(screen.getByRole('region', { name }))
}

describe('password', () => {
  test('the rules are said before, and what breaks them stands at its field', async () => {
    const calls = stubApi({
      [FACTOR]: off,
      'POST /api/user/password': ({ body }) =>
        (body as { currentPassword: string }).currentPassword === 'certa'
          ? {
              status: 422,
              body: { error: { code: 'PASSWORD_TOO_WEAK', message: 'x', details: { reason: 'personal' } } },
            }
          : refusal('INVALID_CREDENTIALS'),
    })
    const { user } = open('security')
    const form = section('Senha')
    expect(form.getByLabelText('Nova senha')).toHaveAccessibleDescription(/De 8 a 128 caracteres/)
    await user.type(form.getByLabelText('Senha atual'), 'errada')
    await user.type(form.getByLabelText('Nova senha'), 'curta')
    await user.click(form.getByRole('button', { name: 'Trocar a senha' }))
    expect(await form.findByText('Use pelo menos 8 caracteres.')).toBeVisible()
    expect(posts(calls)).toEqual([])
    await user.type(form.getByLabelText('Nova senha'), ' agora comprida')
    await user.click(form.getByRole('button', { name: 'Trocar a senha' }))
    expect(await form.findByText('Esta não é a sua senha atual.')).toBeVisible()
    await user.clear(form.getByLabelText('Senha atual'))
    await user.type(form.getByLabelText('Senha atual'), 'certa')
    await user.click(form.getByRole('button', { name: 'Trocar a senha' }))
    expect(await form.findByText('Tem pouco além do seu nome ou e-mail. Escolha outra.')).toBeVisible()
  })

  test('the code of the second factor is asked for where it is on, and the form is empty afterwards', async () => {
    const calls = stubApi({
      [FACTOR]: () => ({ body: { on: true, backupCodesLeft: 10 } }),
      'POST /api/user/password': () => ({ status: 204 }),
    })
    const { user } = open('security')
    const form = section('Senha')
    await user.type(await form.findByLabelText('Código do aplicativo'), '123456')
    await user.type(form.getByLabelText('Senha atual'), 'a de agora')
    await user.type(form.getByLabelText('Nova senha'), 'uma frase nova e boa')
    await user.click(form.getByRole('button', { name: 'Trocar a senha' }))
    await waitFor(() => expect(form.getByLabelText('Nova senha')).toHaveValue(''))
    expect(posts(calls)[0]?.body).toEqual({
      currentPassword: 'a de agora',
      newPassword: 'uma frase nova e boa',
      code: '123456',
    })
  })
})

test('a new e-mail is who is signed in from then on; one that is taken is said so', async () => {
  let isTaken = true
  stubApi({
    [FACTOR]: off,
    'POST /api/user/email': () => (isTaken ? refusal('NAME_TAKEN') : { body: { ...ME, email: 'nova@example.com' } }),
  })
  const { user, onMe } = open('security')
  const form = section('E-mail')
  await user.type(form.getByLabelText('Novo e-mail'), 'nova@example.com')
  await user.type(form.getByLabelText('Senha atual'), 'a de agora')
  await user.click(form.getByRole('button', { name: 'Trocar o e-mail' }))
  expect(await form.findByText('Este e-mail já é de outra conta.')).toBeVisible()
  isTaken = false
  await user.click(form.getByRole('button', { name: 'Trocar o e-mail' }))
  await waitFor(() => expect(onMe).toHaveBeenCalledWith({ ...ME, email: 'nova@example.com' }))
})

describe('second factor', () => {
  test('is turned on by password, QR code and first code, and shows the backup codes once', async () => {
    let isOn = false
    const calls = stubApi({
      [FACTOR]: () => ({ body: { on: isOn, backupCodesLeft: isOn ? 2 : 0 } }),
      'POST /api/user/second-factor': () => ({ status: 201, body: OFFER }),
      'POST /api/user/second-factor/confirm': ({ body }) => {
        if ((body as { code: string }).code !== '123456') return refusal('SECOND_FACTOR_REJECTED')
        isOn = true
        return { body: { backupCodes: ['aaaa-bbbb', 'cccc-dddd'] } }
      },
    })
    const { user, client } = open('security')
    await user.click(await screen.findByRole('button', { name: 'Ligar o segundo fator' }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.type(dialog.getByLabelText('Senha atual'), 'a de agora')
    await user.click(dialog.getByRole('button', { name: 'Continuar' }))
    const code = await dialog.findByRole('img', { name: 'Código QR para o aplicativo autenticador' })
    expect(code.querySelectorAll('path')[1]?.getAttribute('d')?.length).toBeGreaterThan(2000)
    expect(dialog.getByLabelText('Ou digite esta chave no aplicativo')).toHaveValue(SECRET)
    await user.type(dialog.getByLabelText('Código que o aplicativo mostra'), '000000{Enter}')
    expect(await dialog.findByText('O código está errado, é antigo ou já foi usado.')).toBeVisible()
    await user.clear(dialog.getByLabelText('Código que o aplicativo mostra'))
    await user.type(dialog.getByLabelText('Código que o aplicativo mostra'), '123456{Enter}')
    expect(await dialog.findByText('aaaa-bbbb')).toBeVisible()
    expect(dialog.queryByText(SECRET)).not.toBeInTheDocument()
    await user.keyboard('{Escape}')
    expect(dialog.getByText(/ninguém consegue mostrar estes códigos de novo/)).toBeVisible()
    await user.click(dialog.getByRole('button', { name: 'Guardei os códigos' }))
    expect(await screen.findByText('2 códigos de reserva sobraram.')).toBeVisible()
    expect(screen.queryByText('aaaa-bbbb')).not.toBeInTheDocument()
    expect(calls.some(({ query }) => query.toString().includes(SECRET))).toBe(false)
    await waitFor(() =>
      expect(
        JSON.stringify(
          client
            .getMutationCache()
            .getAll()
            .map(({ state }) => state),
        ),
      ).not.toContain('aaaa'),
    )
    expect(JSON.stringify({ ...localStorage })).not.toContain(SECRET)
  })

  test('is turned off only with password and code', async () => {
    let isOn = true
    const calls = stubApi({
      [FACTOR]: () => ({ body: { on: isOn, backupCodesLeft: 10 } }),
      'POST /api/user/second-factor/off': () => {
        isOn = false
        return { status: 204 }
      },
    })
    const { user } = open('security')
    await user.click(await screen.findByRole('button', { name: 'Desligar o segundo fator' }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.type(dialog.getByLabelText('Senha atual'), 'a de agora')
    await user.click(dialog.getByRole('button', { name: 'Desligar o segundo fator' }))
    expect(posts(calls)).toEqual([])
    await user.type(dialog.getByLabelText('Código do aplicativo'), '123456')
    await user.click(dialog.getByRole('button', { name: 'Desligar o segundo fator' }))
    expect(await screen.findByText('Desligado')).toBeVisible()
    expect(posts(calls)[0]?.body).toEqual({ currentPassword: 'a de agora', code: '123456' })
  })
})

test('sessions are told apart, one is ended, then all others after a question', async () => {
  const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0'
  const phone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605.1 Version/20.0 Mobile Safari/604.1'
  const make = (id: number, userAgent: string | null, current = false): Session => ({
    id: uuid(id),
    createdAt: AT,
    usedAt: AT,
    address: '10.0.0.9',
    userAgent,
    current,
  })
  let sessions = [make(1, windows, true), make(2, phone), make(3, null)]
  const calls = stubApi({
    'GET /api/user/sessions': () => ({ body: { items: sessions, nextCursor: null } }),
    [`DELETE /api/user/sessions/${uuid(2)}`]: () => {
      sessions = sessions.filter(({ id }) => id !== uuid(2))
      return { status: 204 }
    },
    'DELETE /api/user/sessions': () => {
      sessions = sessions.filter(({ current }) => current)
      return { status: 204 }
    },
  })
  const { user } = open('sessions')
  const mine = (await screen.findByText('Edge no Windows')).closest('li')
  expect(mine).toHaveTextContent('Esta sessão')
  expect(within(mine ?? document.body).queryByRole('button')).not.toBeInTheDocument()
  await user.click(screen.getByRole('button', { name: 'Encerrar a sessão em Safari no iOS' }))
  await waitFor(() => expect(screen.queryByText('Safari no iOS')).not.toBeInTheDocument())
  await user.click(screen.getByRole('button', { name: 'Encerrar todas as outras' }))
  expect(calls.some(({ method, path }) => method === 'DELETE' && path === '/api/user/sessions')).toBe(false)
  await user.click(within(screen.getByRole('alertdialog')).getByRole('button', { name: 'Encerrar todas as outras' }))
  await waitFor(() => expect(screen.queryByText('Aparelho desconhecido')).not.toBeInTheDocument())
  expect(screen.queryByRole('button', { name: 'Encerrar todas as outras' })).not.toBeInTheDocument()
})

test('an API key is shown once, and revoked after a question', async () => {
  const KEY = 'rvd_thewholekeythatnobodyseestwice'
  const key: ApiKey = {
    id: uuid(5),
    name: 'Loja',
    prefix: 'rvd_thew',
    createdAt: AT,
    lastUsedAt: null,
    revokedAt: null,
  }
  let keys: ApiKey[] = []
  const calls = stubApi({
    'GET /api/user/api-keys': () => ({ body: { items: keys, nextCursor: null } }),
    'POST /api/user/api-keys': () => {
      keys = [key]
      return { status: 201, body: { ...key, key: KEY } }
    },
    [`DELETE /api/user/api-keys/${uuid(5)}`]: () => {
      keys = [{ ...key, revokedAt: AT }]
      return { status: 204 }
    },
  })
  const { user, client } = open('keys')
  await user.click(await screen.findByRole('button', { name: 'Nova chave' }))
  await user.type(screen.getByLabelText('Para que é'), 'Loja{Enter}')
  expect(await screen.findByDisplayValue(KEY)).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Já copiei' }))
  await waitFor(() => expect(screen.queryByDisplayValue(KEY)).not.toBeInTheDocument())
  expect(await screen.findByText('rvd_thew…')).toBeVisible()
  expect(posts(calls)[0]?.headers.get('idempotency-key')).toMatch(/^[\da-f]{32}$/)
  await waitFor(() => expect(client.getMutationCache().getAll()).toEqual([]))
  await user.click(screen.getByRole('button', { name: 'Revogar a chave Loja' }))
  expect(calls.some(({ method }) => method === 'DELETE')).toBe(false)
  await user.click(within(screen.getByRole('alertdialog')).getByRole('button', { name: 'Revogar' }))
  expect(await screen.findByText('Revogada')).toBeVisible()
})

test('the limit per person is set within its bounds and taken away', async () => {
  const calls = stubApi({
    'GET /api/user/frequency-cap': () => ({ body: { frequencyCap: null } }),
    'PUT /api/user/frequency-cap': ({ body }) => ({ body }),
  })
  const { user } = open('sending')
  await user.click(await screen.findByRole('checkbox', { name: /Limitar quantas mensagens/ }))
  await user.clear(screen.getByLabelText('Em quantos dias'))
  await user.type(screen.getByLabelText('Em quantos dias'), '91')
  await user.click(screen.getByRole('button', { name: 'Salvar' }))
  expect(await screen.findByText('O maior valor é 90.')).toBeVisible()
  await user.clear(screen.getByLabelText('Em quantos dias'))
  await user.type(screen.getByLabelText('Em quantos dias'), '30')
  await user.click(screen.getByRole('button', { name: 'Salvar' }))
  const saved = () => calls.filter(({ method }) => method === 'PUT').map(({ body }) => body)
  await waitFor(() => expect(saved()).toEqual([{ frequencyCap: { count: 1, days: 30 } }]))
  await user.click(screen.getByRole('checkbox', { name: /Limitar quantas mensagens/ }))
  await user.click(screen.getByRole('button', { name: 'Salvar' }))
  await waitFor(() => expect(saved()[1]).toEqual({ frequencyCap: null }))
})
