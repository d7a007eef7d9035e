import { fireEvent, screen, within } from '@testing-library/react'
import type { ChannelStatus } from '#contract/channels.ts'
import { buildChannel, uuid } from '../../../../test/builders.ts'
import { renderPart } from '../../../../test/render.tsx'
import type { Call } from '../../../../test/stubApi.ts'
import { DisparadorUnico } from './DisparadorUnico.tsx'

export const VALIDATE = 'POST /api/user/phones/validate'
export const SEND = 'POST /api/user/messages'
export const ONE = `GET /api/user/messages/${uuid(30)}`
export const notAsked = { state: 'notAsked', obstacle: null, retryAfterSeconds: null, checkedAt: null } as const
export const unknownCheck = { state: 'unknown', retryAfterSeconds: null, checkedAt: null } as const

export function open(status: ChannelStatus = 'ready') {
  return renderPart(
    <DisparadorUnico
      userId="u1"
      channels={[buildChannel({ status })]}
      homeCountry="BR"
      statusOf={() => null}
      channelLink={<a href="#canais">Ver canais</a>}
    />,
  )
}

type Typed = { phone?: string; content?: string }

export function fill({ phone = '11 98765-4321', content = 'Seu bolo está pronto' }: Typed = {}) {
  fireEvent.change(screen.getByLabelText('Número de WhatsApp'), { target: { value: phone } })
  fireEvent.change(screen.getByLabelText('Mensagem'), { target: { value: content } })
}

export function sends(calls: Call[]): Call[] {
  return calls.filter(({ method, path }) => method === 'POST' && path === '/api/user/messages')
}

export const phoneStatus = () =>
  within(screen.getByLabelText('Número de WhatsApp').parentElement ?? document.body).getByRole('status')
