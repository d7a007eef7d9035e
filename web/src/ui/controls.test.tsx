import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { afterEach, expect, test, vi } from 'vitest'
import { MultiCombobox, type ComboboxItem } from './Combobox.tsx'
import { CopyField } from './CopyField.tsx'
import { Menu } from './Menu.tsx'
import { ScrollArea } from './ScrollArea.tsx'
import { Select } from './Select.tsx'
import { Tabs } from './Tabs.tsx'
import Toasts from './Toasts.tsx'
import { showToast, takeToasts } from './toasts.ts'

afterEach(() => void takeToasts())

test('tabs are moved through by arrow keys, and only the open panel exists', async () => {
  const user = userEvent.setup()
  function Sample() {
    const [tab, setTab] = useState<'one' | 'two'>('one')
    return (
      <Tabs
        label="Views"
        value={tab}
        onChange={setTab}
        tabs={[
          { value: 'one', label: 'One' },
          { value: 'two', label: 'Two' },
        ]}
      >
        {tab}
      </Tabs>
    )
  }
  render(<Sample />)
  await user.click(screen.getByRole('tab', { name: 'One' }))
  await user.keyboard('{ArrowRight}')
  expect(screen.getByRole('tab', { name: 'Two' })).toHaveAttribute('aria-selected', 'true')
  expect(screen.getByRole('tabpanel')).toHaveTextContent('two')
  expect(screen.getAllByRole('tabpanel')).toHaveLength(1)
})

test('a menu opens by the keyboard, does what is chosen and gives the focus back', async () => {
  const user = userEvent.setup()
  const onSelect = vi.fn()
  render(<Menu label="More for Loja" items={[{ label: 'Duplicate', onSelect }]} />)
  await user.tab()
  await user.keyboard('{Enter}')
  await screen.findByRole('menuitem', { name: 'Duplicate' })
  await user.keyboard('{ArrowDown}{Enter}')
  await waitFor(() => expect(onSelect).toHaveBeenCalledTimes(1))
  await waitFor(() => expect(screen.getByRole('button', { name: 'More for Loja' })).toHaveFocus())
})

test('a box that scrolls is reached by the keyboard under its name, whatever it holds', async () => {
  const user = userEvent.setup()
  render(
    <>
      <ScrollArea role="region" label="Numbers" className="max-h-96">
        <p>1</p>
      </ScrollArea>
      <h2 id="people">People</h2>
      <ScrollArea as="ul" labelledBy="people" className="max-h-64">
        <li>Ana</li>
      </ScrollArea>
    </>,
  )
  await user.tab()
  expect(screen.getByRole('region', { name: 'Numbers' })).toHaveFocus()
  await user.tab()
  expect(screen.getByRole('list', { name: 'People' })).toHaveFocus()
})

test('a select shows the words of its value and changes it', async () => {
  const user = userEvent.setup()
  const onChange = vi.fn()
  render(
    <Select
      label="Pace"
      value="slow"
      onChange={onChange}
      options={[
        { value: 'slow', label: 'Careful' },
        { value: 'fast', label: 'Quick', hint: 'may be blocked' },
      ]}
    />,
  )
  const trigger = screen.getByRole('combobox', { name: /Pace/ })
  expect(trigger).toHaveTextContent('Careful')
  await user.click(trigger)
  await user.click(await screen.findByRole('option', { name: /Quick/ }))
  expect(onChange).toHaveBeenCalledWith('fast')
})

test('several are found by typing, chosen, and taken back by name', async () => {
  const user = userEvent.setup()
  const items = ['Santos', 'Osasco'].map((label) => ({ value: label, label }))
  function Sample() {
    const [value, setValue] = useState<ComboboxItem[]>([])
    return (
      <MultiCombobox
        label="Cities"
        items={items}
        value={value}
        onChange={setValue}
        emptyText="None"
        clearLabel="Clear"
        removeLabel={({ label }) => `Remove ${label}`}
      />
    )
  }
  render(<Sample />)
  await user.type(screen.getByRole('combobox', { name: 'Cities' }), 'san')
  expect(screen.queryByRole('option', { name: 'Osasco' })).not.toBeInTheDocument()
  await user.click(await screen.findByRole('option', { name: 'Santos' }))
  await user.click(await screen.findByRole('button', { name: 'Remove Santos' }))
  expect(screen.queryByRole('button', { name: 'Remove Santos' })).not.toBeInTheDocument()
})

test('what was said before the corner for it was there is said once it is', async () => {
  const user = userEvent.setup()
  const onSelect = vi.fn()
  showToast({ title: 'Saved', text: 'All of it', action: { label: 'Undo', onSelect } })
  render(<Toasts closeLabel="Close" />)
  expect(await screen.findByText('Saved')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Undo' }))
  expect(onSelect).toHaveBeenCalledTimes(1)
  expect(takeToasts()).toEqual([])
})

test('a text that the browser does not let us copy is selected for copying by hand', async () => {
  const user = userEvent.setup()
  vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new Error('no'))
  render(<CopyField label="Key" value="rvd_123" copyLabel="Copy" copiedLabel="Copied" />)
  await user.click(screen.getByRole('button', { name: 'Copy' }))
  const field = screen.getByLabelText<HTMLInputElement>('Key')
  await waitFor(() => expect(field).toHaveFocus())
  expect([field.selectionStart, field.selectionEnd]).toEqual([0, 7])
  expect(screen.queryByRole('button', { name: 'Copied' })).not.toBeInTheDocument()
})
