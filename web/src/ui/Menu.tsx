import { Menu as BaseMenu } from '@base-ui/react/menu'
import type { ReactElement } from 'react'
import { Button } from './Button.tsx'
import { cn } from './cn.ts'
import { Icon, type IconName } from './icons.tsx'
import { listItemClass, popupListClass } from './overlay.ts'

export type MenuItem = {
  label: string
  icon?: IconName
  tone?: 'normal' | 'bad'
  disabled?: boolean
  /** A line above it: what follows is of another kind. */
  separated?: boolean
} & ({ onSelect: () => void } | { /** A link, e.g. `<Link to="…" />` or `<a download />`. */ link: ReactElement })

type Props = {
  /** Names the button for those who hear it, e.g. "More for Loja". */
  label: string
  items: readonly MenuItem[]
  /** Words on the button; three dots without. */
  text?: string
  busy?: boolean
}

/** What else can be done with a thing, behind three dots. */
export function Menu({ label, items, text, busy = false }: Props) {
  return (
    <BaseMenu.Root modal={false}>
      <BaseMenu.Trigger
        render={
          text === undefined ? (
            <Button look="quiet" size="small" aria-label={label} busy={busy} className="relative z-1 min-w-10 px-2">
              {!busy && <Icon name="more" className="stroke-[3]" />}
            </Button>
          ) : (
            <Button look="secondary" size="small" aria-label={label} busy={busy}>
              {text}
              <Icon name="down" className="h-4 w-4" />
            </Button>
          )
        }
      />
      <BaseMenu.Portal>
        <BaseMenu.Positioner sideOffset={6} align="end" className="z-50 outline-none">
          <BaseMenu.Popup className={cn(popupListClass, 'min-w-52')}>
            {items.map((item) => (
              <Item key={item.label} item={item} />
            ))}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  )
}

function Item({ item }: { item: MenuItem }) {
  const className = cn(
    listItemClass,
    item.tone === 'bad' && 'text-bad-text data-highlighted:bg-bad-soft data-highlighted:text-bad-text',
  )
  const content = (
    <>
      {item.icon !== undefined && <Icon name={item.icon} />}
      {item.label}
    </>
  )
  return (
    <>
      {item.separated === true && <BaseMenu.Separator className="mx-2 my-1.5 h-px bg-line" />}
      {'link' in item ? (
        <BaseMenu.LinkItem render={item.link} closeOnClick className={className}>
          {content}
        </BaseMenu.LinkItem>
      ) : (
        <BaseMenu.Item disabled={item.disabled ?? false} onClick={item.onSelect} className={className}>
          {content}
        </BaseMenu.Item>
      )}
    </>
  )
}
