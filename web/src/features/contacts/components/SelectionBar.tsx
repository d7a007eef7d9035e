import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ContactSelection } from '#contract/contactLists.ts'
import type { Contact } from '#contract/contacts.ts'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { Menu } from '../../../ui/Menu.tsx'
import type { ContactsFilter } from '../api/contactPages.ts'
import { ChangeListDialog } from './ChangeListDialog.tsx'
import { RemoveChosenDialog } from './RemoveChosenDialog.tsx'
import { SuppressDialog } from './SuppressDialog.tsx'

type Act = 'add' | 'remove' | 'suppress' | 'delete'

type Props = {
  chosen: Contact[]
  /** Not only those ticked, but all that fit the filter. */
  isEverybody: boolean
  /** There where more fit than are loaded. */
  onEverybody: (() => void) | undefined
  filter: ContactsFilter
  onClear: () => void
}

/** What can be done with those who are ticked. Stays in sight while one scrolls. */
export function SelectionBar({ chosen, isEverybody, onEverybody, filter, onClear }: Props) {
  const { t } = useTranslation()
  const format = useFormat()
  const [act, setAct] = useState<Act | null>(null)
  const close = () => setAct(null)
  const selection: ContactSelection = isEverybody ? { filter } : { contactIds: chosen.map(({ id }) => id) }
  return (
    <section
      aria-label={t('contacts.chosenLabel')}
      className="sticky bottom-20 z-20 mt-4 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-card border border-line-strong bg-surface p-3 shadow-dialog sm:p-4 md:bottom-6"
    >
      <p role="status" className="tabular font-semibold">
        {isEverybody
          ? t('contacts.everybodyChosen')
          : t('contacts.chosen', { count: chosen.length, n: format.number(chosen.length) })}
      </p>
      {onEverybody !== undefined && !isEverybody && (
        <Button look="quiet" size="small" onClick={onEverybody}>
          {t('contacts.chooseEverybody')}
        </Button>
      )}
      <div className="ml-auto flex flex-wrap gap-2">
        <Button look="secondary" size="small" icon="plus" onClick={() => setAct('add')}>
          {t('contacts.addTo')}
        </Button>
        <Menu
          label={t('contacts.moreForChosen')}
          text={t('contacts.more')}
          items={[
            { label: t('contacts.removeFromList'), icon: 'tag', onSelect: () => setAct('remove') },
            {
              label: t('contacts.suppress'),
              icon: 'quiet',
              disabled: isEverybody,
              onSelect: () => setAct('suppress'),
            },
            {
              label: t('common.delete'),
              icon: 'trash',
              tone: 'bad',
              separated: true,
              disabled: isEverybody,
              onSelect: () => setAct('delete'),
            },
          ]}
        />
        <Button look="quiet" size="small" icon="close" onClick={onClear}>
          {t('contacts.clearChosen')}
        </Button>
      </div>
      {(act === 'add' || act === 'remove') && <ChangeListDialog how={act} selection={selection} onClose={close} />}
      {act === 'suppress' && <SuppressDialog contacts={chosen} onClose={close} />}
      {act === 'delete' && <RemoveChosenDialog contacts={chosen} onClose={close} />}
    </section>
  )
}
