import { screen, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import { buildStats, uuid } from '../../../../test/builders.ts'
import { buildReport } from '../../../../test/campaignBuilders.ts'
import { renderPart } from '../../../../test/render.tsx'
import { refusal, stubApi } from '../../../../test/stubApi.ts'
import { ComparePage } from './ComparePage.tsx'

const COMPARE = 'POST /api/user/bulk-campaigns/compare'

function open(ids: string[]) {
  return renderPart(<ComparePage ids={ids} backLink={null} titleOf={({ name }) => name} />)
}

test('campaigns stand side by side as asked, and the best share of a line is marked', async () => {
  const calls = stubApi({
    [COMPARE]: () => ({
      body: {
        items: [
          buildReport({ campaignId: uuid(1), name: 'Pequena', successRate: 0.8 }),
          buildReport({
            campaignId: uuid(2),
            name: 'Grande',
            successRate: 0.955,
            stats: buildStats({ read: 200_000, sent: 800_000 }),
            accepted: 1_000_000,
          }),
        ],
      },
    }),
  })
  open([uuid(1), uuid(2)])
  const success = within(await screen.findByRole('row', { name: /Taxa de sucesso/ })).getAllByRole('cell')
  expect(success.map((cell) => cell.textContent)).toEqual(['80%', '95,5%melhor'])
  const read = within(screen.getByRole('row', { name: /^Lidas/ })).getAllByRole('cell')
  expect(read.map((cell) => cell.textContent)).toEqual(['5 (62,5%)melhor', '200.000 (20%)'])
  expect(calls[0]?.body).toEqual({ campaignIds: [uuid(1), uuid(2)] })
})

test('one campaign is nothing to compare: the page says what to do and asks nothing', async () => {
  const calls = stubApi({})
  open([uuid(1)])
  expect(await screen.findByText('Escolha pelo menos duas campanhas')).toBeVisible()
  expect(calls).toEqual([])
})

test('a campaign that is not there is said in words', async () => {
  stubApi({ [COMPARE]: () => refusal('NOT_FOUND') })
  open([uuid(1), uuid(2)])
  expect(await screen.findByText('Não encontramos isto.')).toBeVisible()
})
