import { useState, type ReactNode } from 'react'
import { ProgressBar, StackedBar } from '../../ui/bars.tsx'
import { Button } from '../../ui/Button.tsx'
import { Badge, Card, PageHeader } from '../../ui/Card.tsx'
import { Combobox, MultiCombobox, type ComboboxItem } from '../../ui/Combobox.tsx'
import { CopyField } from '../../ui/CopyField.tsx'
import { ConfirmDialog, Dialog } from '../../ui/Dialog.tsx'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { CheckField, SelectField, TextArea, TextField } from '../../ui/fields.tsx'
import { FlyingFlock } from '../../ui/Flock.tsx'
import { Menu } from '../../ui/Menu.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { SearchField } from '../../ui/SearchField.tsx'
import { Select } from '../../ui/Select.tsx'
import { Sheet } from '../../ui/Sheet.tsx'
import { SkeletonList } from '../../ui/Skeleton.tsx'
import { Stat, Stats } from '../../ui/Stat.tsx'
import { Steps } from '../../ui/Steps.tsx'
import { Switch } from '../../ui/Switch.tsx'
import { Tabs } from '../../ui/Tabs.tsx'
import { showToast } from '../../ui/toasts.ts'
import { ThemeChoice } from '../Preferences.tsx'
import { TableSample } from './TableSample.tsx'

const CITIES: ComboboxItem[] = ['São Paulo', 'Santos', 'Osasco', 'Campinas', 'Ribeirão Preto', 'مدينة'].map(
  (label) => ({
    value: label,
    label,
  }),
)

/** Every component of the design language in one place, as it is now. Only in development: see `router.tsx`. */
export function UiPage() {
  return (
    <>
      <PageHeader
        title="Components"
        lead="What the pages are made of. Look at it light, dark and narrow."
        actions={<Button icon="plus">Primary</Button>}
      />
      <div className="flex flex-col gap-6">
        <Part title="Theme">
          <ThemeChoice />
        </Part>
        <Buttons />
        <Fields />
        <Choices />
        <Windows />
        <Numbers />
        <News />
        <Part title="DataTable, 1,000 rows">
          <TableSample />
        </Part>
        <Part title="Loading and empty">
          <SkeletonList label="Loading" rows={2} />
          <EmptyState title="Nothing here yet" action={<Button>Do the next thing</Button>}>
            Says what would be here, and what to do next.
          </EmptyState>
          <FlyingFlock moving />
        </Part>
      </div>
    </>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card className="flex flex-col gap-4" aria-label={title}>
      <h2 className="text-lg font-semibold">{title}</h2>
      {children}
    </Card>
  )
}

function Buttons() {
  return (
    <Part title="Buttons and menu">
      <div className="flex flex-wrap items-center gap-3">
        <Button>Primary</Button>
        <Button look="secondary">Secondary</Button>
        <Button look="quiet">Quiet</Button>
        <Button look="danger">Danger</Button>
        <Button busy>Busy</Button>
        <Button disabled>Disabled</Button>
        <Button size="small" look="secondary" icon="refresh">
          Small
        </Button>
        <Menu
          label="More for this thing"
          items={[
            { label: 'Duplicate', icon: 'copy', onSelect: () => showToast({ title: 'Duplicated' }) },
            { label: 'Export', icon: 'download', link: <a href="/dev/ui">Export</a> },
            { label: 'Delete', icon: 'trash', tone: 'bad', separated: true, onSelect: () => {} },
          ]}
        />
      </div>
    </Part>
  )
}

function Fields() {
  const [search, setSearch] = useState('')
  return (
    <Part title="Fields">
      <TextField label="Text" hint="With a hint below it." placeholder="Placeholder" />
      <TextField label="With an error" defaultValue="abc" error="Write a number." />
      <TextArea label="Longer text" />
      <SelectField label="The system's list">
        <option>One</option>
        <option>Two</option>
      </SelectField>
      <CheckField label="A checkbox" hint="With what it means." />
      <SearchField label="Search by name or number" value={search} onChange={setSearch} />
      <CopyField label="To be copied" value="rvd_0123456789abcdef" copyLabel="Copy" copiedLabel="Copied" />
    </Part>
  )
}

function Choices() {
  const [pace, setPace] = useState<'careful' | 'normal'>('careful')
  const [city, setCity] = useState<ComboboxItem | null>(null)
  const [cities, setCities] = useState<ComboboxItem[]>(CITIES.slice(0, 2))
  const [on, setOn] = useState(true)
  return (
    <Part title="Choices">
      <Select
        label="Select"
        value={pace}
        onChange={setPace}
        options={[
          { value: 'careful', label: 'Careful', hint: 'One message every 30 to 60 seconds' },
          { value: 'normal', label: 'Normal' },
        ]}
      />
      <Combobox label="Combobox" items={CITIES} value={city} onChange={setCity} emptyText="None" clearLabel="Clear" />
      <MultiCombobox
        label="Several"
        items={CITIES}
        value={cities}
        onChange={setCities}
        emptyText="None"
        clearLabel="Clear"
        removeLabel={(item) => `Remove ${item.label}`}
      />
      <Switch label="Switch" hint="Takes effect at once." checked={on} onChange={setOn} />
    </Part>
  )
}

function Windows() {
  const [open, setOpen] = useState<'sheet' | 'dialog' | 'confirm' | null>(null)
  const close = () => setOpen(null)
  return (
    <Part title="Windows">
      <div className="flex flex-wrap gap-3">
        <Button look="secondary" onClick={() => setOpen('sheet')}>
          Sheet
        </Button>
        <Button look="secondary" onClick={() => setOpen('dialog')}>
          Dialog
        </Button>
        <Button look="secondary" onClick={() => setOpen('confirm')}>
          Confirm
        </Button>
        <Button look="secondary" onClick={() => showToast({ title: 'Saved', text: 'It goes by itself.' })}>
          Toast
        </Button>
      </div>
      <Sheet open={open === 'sheet'} onClose={close} title="Sheet" closeLabel="Close" footer={<Button>Save</Button>}>
        <p>More about one thing.</p>
      </Sheet>
      <Dialog open={open === 'dialog'} onClose={close} title="Dialog" closeLabel="Close">
        <p>Something to fill in.</p>
      </Dialog>
      <ConfirmDialog
        open={open === 'confirm'}
        title="Delete it?"
        confirmLabel="Delete"
        cancelLabel="Keep"
        onConfirm={close}
        onCancel={close}
      >
        <p>This cannot be taken back.</p>
      </ConfirmDialog>
    </Part>
  )
}

function Numbers() {
  const [tab, setTab] = useState<'a' | 'b'>('a')
  const [step, setStep] = useState<'who' | 'what' | 'when'>('what')
  return (
    <Part title="Numbers, tabs, steps">
      <Stats>
        <Stat label="sent" value="1,000,000" />
        <Stat label="failed" value="120" tone="bad" hint="0.01%" />
      </Stats>
      <StackedBar
        label="30 read, 10 failed, 60 waiting"
        segments={[
          { key: 'read', value: 30, className: 'bg-state-read' },
          { key: 'failed', value: 10, className: 'bg-state-failed' },
          { key: 'pending', value: 60, className: 'bg-state-pending' },
        ]}
      />
      <ProgressBar share={0.4} label="Forty percent" />
      <Steps
        label="Steps"
        current={step}
        onChoose={setStep}
        stateLabels={{ done: 'done', problem: 'has a problem' }}
        steps={[
          { value: 'who', label: 'Who', state: 'done' },
          { value: 'what', label: 'What' },
          { value: 'when', label: 'When', state: 'problem' },
        ]}
      />
      <Tabs
        label="Tabs"
        value={tab}
        onChange={setTab}
        tabs={[
          { value: 'a', label: 'First', count: '12' },
          { value: 'b', label: 'Second' },
        ]}
      >
        <p>{tab === 'a' ? 'The first panel.' : 'The second panel.'}</p>
      </Tabs>
    </Part>
  )
}

function News() {
  return (
    <Part title="News">
      <div className="flex flex-wrap gap-2">
        <Badge>neutral</Badge>
        <Badge tone="info">info</Badge>
        <Badge tone="good">good</Badge>
        <Badge tone="warn">warn</Badge>
        <Badge tone="bad">bad</Badge>
      </div>
      <Notice tone="info" title="Something to know">
        And what to do about it.
      </Notice>
      <Notice tone="warn" title="Look here" action={<Button size="small">Do it</Button>} />
    </Part>
  )
}
