import { screen, waitFor } from '@testing-library/react'
import { describe, expect, test, vi } from 'vitest'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi } from '../../../../test/stubApi.ts'
import { SetupForm } from './SetupForm.tsx'
import { SignInForm } from './SignInForm.tsx'

const ME = { id: 'u1', name: 'Ana', email: 'ana@example.com', role: 'admin' }

describe('SignInForm', () => {
  test('a wrong password is said beside what was typed, which stays', async () => {
    stubApi({ 'POST /api/auth/sign-in': () => refusal('INVALID_CREDENTIALS') })
    const signedIn = vi.fn()
    const { user } = renderPart(<SignInForm onSignedIn={signedIn} />)
    await user.type(screen.getByLabelText('E-mail'), 'ana@example.com')
    await user.type(screen.getByLabelText('Senha'), 'not the password')
    await user.click(screen.getByRole('button', { name: 'Entrar' }))
    expect(await screen.findByText('E-mail ou senha não conferem.')).toBeVisible()
    expect(screen.getByLabelText('E-mail')).toHaveValue('ana@example.com')
    expect(screen.getByLabelText('Senha')).toHaveValue('not the password')
    expect(signedIn).not.toHaveBeenCalled()
  })

  test('an empty form is not sent and says what is missing next to each field', async () => {
    const calls = stubApi({})
    const { user } = renderPart(<SignInForm onSignedIn={vi.fn()} />)
    await user.click(screen.getByRole('button', { name: 'Entrar' }))
    expect(await screen.findAllByText('Preencha este campo.')).toHaveLength(2)
    expect(screen.getByLabelText('E-mail')).toHaveAccessibleDescription('Preencha este campo.')
    expect(screen.getByLabelText('E-mail')).toHaveAttribute('aria-invalid', 'true')
    expect(calls).toHaveLength(0)
  })

  test('the right password signs in with exactly what was typed', async () => {
    const calls = stubApi({ 'POST /api/auth/sign-in': () => ({ body: ME }) })
    const signedIn = vi.fn()
    const { user } = renderPart(<SignInForm onSignedIn={signedIn} />)
    await user.type(screen.getByLabelText('E-mail'), 'ana@example.com')
    await user.type(screen.getByLabelText('Senha'), 'uma frase comprida{Enter}')
    await waitFor(() => expect(signedIn.mock.calls[0]?.[0]).toEqual(ME))
    expect(calls[0]?.body).toEqual({ email: 'ana@example.com', password: 'uma frase comprida' })
  })

  test('asks for the code where there is a second factor, and sends all of it again', async () => {
    const calls = stubApi({
      'POST /api/auth/sign-in': ({ body }) =>
        (body as { code?: string }).code === '123456' ? { body: ME } : refusal('SECOND_FACTOR_REQUIRED'),
    })
    const signedIn = vi.fn()
    const { user } = renderPart(<SignInForm email="ana@example.com" onSignedIn={signedIn} />)
    await user.type(screen.getByLabelText('Senha'), 'uma frase comprida{Enter}')
    const code = await screen.findByLabelText('Código do aplicativo')
    expect(code).toHaveFocus()
    expect(screen.queryByRole('alert')).toBeNull()
    await user.type(code, '123456{Enter}')
    await waitFor(() => expect(signedIn.mock.calls[0]?.[0]).toEqual(ME))
    expect(calls[1]?.body).toEqual({ email: 'ana@example.com', password: 'uma frase comprida', code: '123456' })
  })

  test('without a connection it offers to try again, and trying again works', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')))
    const signedIn = vi.fn()
    const { user } = renderPart(<SignInForm email="ana@example.com" onSignedIn={signedIn} />)
    await user.type(screen.getByLabelText('Senha'), 'uma frase comprida{Enter}')
    const retry = await screen.findByRole('button', { name: 'Tentar de novo' })
    stubApi({ 'POST /api/auth/sign-in': () => ({ body: ME }) })
    await user.click(retry)
    await waitFor(() => expect(signedIn).toHaveBeenCalled())
  })
})

describe('SetupForm', () => {
  test('a short password is refused before anything is sent', async () => {
    const calls = stubApi({})
    const { user } = renderPart(<SetupForm onDone={vi.fn()} />)
    await user.type(screen.getByLabelText('Seu nome'), 'Ana')
    await user.type(screen.getByLabelText('E-mail'), 'not an e-mail')
    await user.type(screen.getByLabelText('Senha'), 'curta')
    await user.click(screen.getByRole('button', { name: 'Criar administrador' }))
    expect(await screen.findByText('Use pelo menos 8 caracteres.')).toBeVisible()
    expect(screen.getByText('Escreva um e-mail como nome@exemplo.com.')).toBeVisible()
    expect(calls).toHaveLength(0)
  })

  test('the first administrator is made and is signed in', async () => {
    const calls = stubApi({ 'POST /api/setup': () => ({ status: 201, body: ME }) })
    const done = vi.fn()
    const { user } = renderPart(<SetupForm onDone={done} />)
    await user.type(screen.getByLabelText('Seu nome'), 'Ana')
    await user.type(screen.getByLabelText('E-mail'), 'ana@example.com')
    await user.type(screen.getByLabelText('Senha'), 'uma frase comprida')
    await user.click(screen.getByRole('button', { name: 'Criar administrador' }))
    await waitFor(() => expect(done.mock.calls[0]?.[0]).toEqual(ME))
    expect(calls[0]?.body).toEqual({ name: 'Ana', email: 'ana@example.com', password: 'uma frase comprida' })
  })
})
