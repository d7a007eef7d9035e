import { act, screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { ContactImport } from '#contract/imports.ts'
import { buildImport, uuid } from '../../../../test/builders.ts'
import { FakeUpload } from '../../../../test/FakeUpload.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi } from '../../../../test/stubApi.ts'
import { ImportsPage } from './ImportsPage.tsx'

const page = <ImportsPage campaignLink={({ id }) => <a href={`/campaigns/new?import=${id}`}>Usar em campanha</a>} />
const file = new File(['nome;telefone\nAna;11987654321\n'], 'contatos.csv', { type: 'text/csv' })

function stubImports(imports: ContactImport[], more: Parameters<typeof stubApi>[0] = {}) {
  return stubApi({ 'GET /api/user/imports': () => ({ body: { items: imports, nextCursor: null } }), ...more })
}

function lastUpload(): FakeUpload {
  if (FakeUpload.last === null) throw new Error('nothing was uploaded')
  return FakeUpload.last
}

beforeEach(() => {
  FakeUpload.last = null
  vi.stubGlobal('XMLHttpRequest', FakeUpload)
})

describe('ImportsPage', () => {
  test('a file is sent with its country before it, and the share that has left is shown', async () => {
    const imports: ContactImport[] = []
    stubImports(imports)
    const { user } = renderPart(page)
    expect(await screen.findByText('Nenhum arquivo ainda')).toBeVisible()
    await user.upload(screen.getByLabelText(/Escolha um arquivo CSV ou Excel/), file)
    await user.selectOptions(screen.getByLabelText('País dos números sem código'), 'PT')
    await user.click(screen.getByRole('button', { name: 'Enviar e conferir' }))
    act(() => lastUpload().progress(40, 100))
    expect(screen.getByRole('progressbar', { name: 'Enviando o arquivo' })).toHaveAttribute('aria-valuenow', '40')
    expect([...(lastUpload().form?.keys() ?? [])]).toEqual(['defaultCountry', 'preview', 'file'])
    expect(lastUpload().form?.get('defaultCountry')).toBe('PT')
    imports.push(buildImport())
    act(() => lastUpload().answer(202, imports[0]))
    expect(await screen.findByRole('heading', { name: 'contatos.csv' })).toBeVisible()
  })

  test('a refused file stays chosen and the reason is said', async () => {
    stubImports([])
    const { user } = renderPart(page)
    await user.upload(screen.getByLabelText(/Escolha um arquivo CSV ou Excel/), file)
    await user.click(screen.getByRole('button', { name: 'Enviar e conferir' }))
    act(() => lastUpload().answer(422, { error: { code: 'CSV_UNREADABLE', message: 'x' } }))
    expect(await screen.findByText('O arquivo não pôde ser lido como tabela.')).toBeVisible()
    expect(screen.getByText('contatos.csv')).toBeVisible()
  })

  test('pressing import without a file says what is missing', async () => {
    stubImports([])
    const { user } = renderPart(page)
    await user.click(screen.getByRole('button', { name: 'Enviar e conferir' }))
    expect(screen.getByLabelText(/Escolha um arquivo CSV ou Excel/)).toHaveAccessibleDescription(
      'Escolha um arquivo primeiro.',
    )
    expect(FakeUpload.last).toBeNull()
  })

  test('a running import is followed until it ends', async () => {
    const running = buildImport({ status: 'running', bytesRead: 250, rows: 1234, accepted: 1200 })
    stubImports([running], { [`GET /api/user/imports/${uuid(20)}`]: () => ({ body: buildImport() }) })
    renderPart(page)
    expect(await screen.findByText('1.234 linhas lidas')).toBeVisible()
    expect(screen.getByRole('progressbar', { name: 'Lendo o arquivo' })).toHaveAttribute('aria-valuenow', '25')
    expect(await screen.findByText('7 pessoas para escrever', undefined, { timeout: 3000 })).toBeVisible()
    expect(screen.queryByRole('progressbar')).not.toBeInTheDocument()
  })

  test('a finished import accounts for every row and links to what was refused and noticed', async () => {
    stubImports([buildImport()])
    renderPart(page)
    const card = within(await screen.findByRole('article', { name: 'contatos.csv' }))
    expect(card.getByText('7 aceitas + 2 repetidas + 1 recusadas = 10 linhas')).toBeVisible()
    expect(card.getByRole('link', { name: 'Linhas recusadas' })).toHaveAttribute(
      'href',
      `/api/user/imports/${uuid(20)}/rejected.csv`,
    )
    expect(card.getByRole('link', { name: 'Avisos' })).toHaveAttribute(
      'href',
      `/api/user/imports/${uuid(20)}/warnings.csv`,
    )
    expect(card.getByRole('link', { name: 'Usar em campanha' })).toHaveAttribute(
      'href',
      `/campaigns/new?import=${uuid(20)}`,
    )
  })

  test('a file that cannot be used says why and where', async () => {
    stubImports([
      buildImport({
        status: 'failed',
        accepted: 0,
        rejected: 0,
        warnings: 0,
        failure: { reason: 'UNCLOSED_QUOTE', line: 3 },
      }),
    ])
    renderPart(page)
    expect(await screen.findByText(/Na linha 3\. Uma aspa abre e não fecha\./)).toBeVisible()
    expect(screen.queryByRole('link', { name: 'Usar em campanha' })).not.toBeInTheDocument()
  })

  test('deleting asks first', async () => {
    const imports = [buildImport()]
    const calls = stubImports(imports, {
      [`DELETE /api/user/imports/${uuid(20)}`]: () => {
        imports.pop()
        return { status: 204 }
      },
    })
    const { user } = renderPart(page)
    await user.click(await screen.findByRole('button', { name: 'Excluir a importação contatos.csv' }))
    expect(calls.some(({ method }) => method === 'DELETE')).toBe(false)
    await user.click(within(await screen.findByRole('alertdialog')).getByRole('button', { name: 'Excluir lista' }))
    await waitFor(() => expect(screen.queryByRole('heading', { name: 'contatos.csv' })).not.toBeInTheDocument())
  })

  test('taking back what a file created asks first, and says who stayed and why', async () => {
    const imports = [buildImport()]
    const undone = buildImport({
      status: 'undone',
      undo: { removed: 3, keptChanged: 1, keptInOtherImport: 0, keptForCampaign: 1 },
    })
    const calls = stubImports(imports, {
      [`POST /api/user/imports/${uuid(20)}/undo`]: () => {
        imports[0] = undone
        return { status: 202, body: buildImport({ status: 'undoing' }) }
      },
    })
    const { user } = renderPart(page)
    await user.click(await screen.findByRole('button', { name: 'Desfazer a importação contatos.csv' }))
    const question = within(await screen.findByRole('alertdialog'))
    expect(question.getByText(/Os 5 contatos que este arquivo criou/)).toBeVisible()
    expect(calls.some(({ method }) => method === 'POST')).toBe(false)
    await user.click(question.getByRole('button', { name: 'Desfazer importação' }))
    expect(await screen.findByText('3 contatos saíram da lista')).toBeVisible()
    expect(screen.getByText('1 ficou, porque foi editado depois')).toBeVisible()
    expect(screen.queryByRole('link', { name: 'Usar em campanha' })).not.toBeInTheDocument()
  })

  test('a file that waits is discarded with what was chosen for it', async () => {
    localStorage.setItem(`revoada.importChoice.${uuid(20)}`, '{"defaultCountry":"PT"}')
    const imports = [buildImport({ status: 'preview', fileName: 'a.csv' })]
    stubImports(imports, {
      [`GET /api/user/imports/${uuid(20)}`]: () => ({ body: imports[0] }),
      [`POST /api/user/imports/${uuid(20)}/preview`]: () => refusal('UNAVAILABLE'),
      [`DELETE /api/user/imports/${uuid(20)}`]: () => {
        imports.pop()
        return { status: 204 }
      },
    })
    const { user } = renderPart(page)
    await user.click(await screen.findByRole('button', { name: 'Cancelar a importação de a.csv' }))
    await user.click(within(await screen.findByRole('alertdialog')).getByRole('button', { name: 'Descartar arquivo' }))
    expect(await screen.findByText('Nenhum arquivo ainda')).toBeVisible()
    expect(localStorage.getItem(`revoada.importChoice.${uuid(20)}`)).toBeNull()
  })
})
