import { cn } from './cn.ts'

const PATHS = {
  plus: 'M12 5v14M5 12h14',
  people:
    'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.500 20c.4-3.600 3-5.500 6.500-5.500s6.100 1.900 6.500 5.500M16 4.600a3.300 3.300 0 0 1 0 6M18 14.900c2 .7 3.200 2.400 3.500 5.100',
  channel:
    'M8 2.800h8a1.800 1.800 0 0 1 1.800 1.800v14.800a1.800 1.800 0 0 1-1.800 1.800H8a1.800 1.800 0 0 1-1.800-1.800V4.600A1.800 1.800 0 0 1 8 2.800ZM10.500 18h3',
  campaigns: 'M3 10q3.200-3.800 6 .6 3-4.300 7-1.800M9 17.500q3-3.600 5.800.5 2.900-4 6.400-1.700',
  account: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.500 20.500c.5-4 3.500-6 7.500-6s7 2 7.500 6',
  upload:
    'M12 15.500V4.500M7.500 8.500 12 4l4.500 4.500M4.500 15.500v3A1.500 1.500 0 0 0 6 20h12a1.500 1.500 0 0 0 1.500-1.500v-3',
  download:
    'M12 4v11M7.500 11 12 15.500 16.500 11M4.500 15.500v3A1.500 1.500 0 0 0 6 20h12a1.500 1.500 0 0 0 1.500-1.500v-3',
  pause: 'M8.500 5.500v13M15.500 5.500v13',
  play: 'M8 5.500v13l10.500-6.500Z',
  close: 'M6 6l12 12M18 6 6 18',
  trash: 'M4.500 7h15M9.500 7V4.800h5V7M6.500 7l.9 12.500h9.200L17.500 7M10.300 10.500v5.500M13.700 10.500v5.500',
  edit: 'M4.500 19.500l1-4.200L16.200 4.600a1.400 1.400 0 0 1 2 0l1.200 1.200a1.400 1.400 0 0 1 0 2L8.700 18.500Z',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  alert: 'M12 8.500v4.500M12 16.200v.1M12 3.500 21.500 20h-19Z',
  info: 'M12 11v5.500M12 7.800v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  refresh: 'M19.500 12a7.500 7.500 0 1 1-2.200-5.300L19.500 9M19.500 4.500V9H15',
  arrow: 'M5 12h14M13 6l6 6-6 6',
  key: 'M14.500 14a5 5 0 1 0-4.800-3.700L4 16v4h4l.5-2.500H11L13.500 14M16 8.500v.1',
} as const

export type IconName = keyof typeof PATHS

/** A line icon in the colour of the text around it; always beside words, never instead of them. */
export function Icon({ name, className }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      className={cn('h-5 w-5 shrink-0 fill-none stroke-current stroke-[1.8]', className)}
      aria-hidden="true"
    >
      <path d={PATHS[name]} strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}
