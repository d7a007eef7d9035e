/** What lies between a window and the page under it. */
export const backdropClass =
  'fixed inset-0 z-40 bg-[light-dark(rgb(16_37_42/0.45),rgb(0_0_0/0.65))] transition-opacity duration-(--quick) data-starting-style:opacity-0 data-ending-style:opacity-0'

/** A list that opens from a control: menu, select, combobox. */
export const popupListClass =
  'max-h-(--available-height) min-w-(--anchor-width) max-w-(--available-width) overflow-y-auto rounded-control border border-line bg-surface p-1.5 text-ink shadow-pop outline-none transition-[opacity,transform] duration-(--quick) data-starting-style:-translate-y-1 data-starting-style:opacity-0 data-ending-style:opacity-0'

/** One line of such a list. */
export const listItemClass =
  'flex min-h-11 w-full items-center gap-3 rounded-[0.45rem] px-3 py-1.5 text-left text-base outline-none select-none data-disabled:opacity-50 data-highlighted:bg-primary-soft data-highlighted:text-primary-text'
