import { cn } from './cn.ts'

/** One bird as two strokes of a brush, its back at (x, y), s wide. */
function birdPath(x: number, y: number, s: number): string {
  return `M${x - s / 2} ${y - s * 0.08}q${s * 0.27} ${-s * 0.32} ${s * 0.5} ${s * 0.06}q${s * 0.24} ${-s * 0.36} ${s * 0.54} ${-s * 0.13}`
}

const MARK_BIRDS = [
  { x: 20, y: 8, size: 11, lead: true },
  { x: 10, y: 15, size: 10, lead: false },
  { x: 21, y: 20, size: 10, lead: false },
]

/** The product's mark: three birds taking off, the first one in the colour of dawn. Decorative. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 28 26" className={cn('h-8 w-8', className)} aria-hidden="true">
      {MARK_BIRDS.map((bird) => (
        <path
          key={bird.x}
          d={birdPath(bird.x, bird.y, bird.size)}
          className={cn('fill-none stroke-[2.2]', bird.lead ? 'stroke-dawn' : 'stroke-primary')}
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      ))}
    </svg>
  )
}

const FLYING = [
  [118, 14, 17],
  [96, 24, 15],
  [101, 42, 14],
  [76, 33, 14],
  [80, 52, 13],
  [56, 44, 13],
  [60, 62, 12],
  [36, 56, 11],
  [18, 66, 10],
] as const

/** Birds in formation: they beat their wings while `moving`, and sit still for people who asked for less motion. */
export function FlyingFlock({ moving = false, className }: { moving?: boolean; className?: string }) {
  return (
    <svg viewBox="0 0 136 76" className={cn('h-14 w-24', className)} aria-hidden="true">
      {FLYING.map(([x, y, size], index) => (
        <path
          key={x}
          d={birdPath(x, y, size)}
          className={cn(
            'bird fill-none stroke-[2.2]',
            index === 0 ? 'stroke-dawn' : 'stroke-primary',
            moving && 'bird-flying',
          )}
          style={{ animationDelay: `${index * -170}ms` }}
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      ))}
    </svg>
  )
}

const PERCHES = [18, 40, 52, 88, 108]

/** Birds on a wire, waiting: the picture of a place where nothing is yet. */
export function PerchedFlock({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 136 48" className={cn('h-14 w-40', className)} aria-hidden="true">
      <path d="M2 30Q68 40 134 28" className="fill-none stroke-line-strong stroke-[1.4]" />
      {PERCHES.map((x, index) => (
        <g key={x} transform={`translate(${x} ${31 + wireSag(x)})`}>
          <path
            d="M-5-4.500C-5-8.500-2-11 1.200-11c2 0 3.300 1.200 3.600 2.700L7.500-7.400 4.900-6.300C4.700-2.600 2.300 0-.8 0L-6.500 6.500-5.300 1.800-4.600-1.200C-4.900-2.200-5-3.300-5-4.500Z"
            className={index === 3 ? 'fill-dawn' : 'fill-primary'}
          />
        </g>
      ))}
    </svg>
  )
}

/** How far the wire hangs below y = 31 at x, so that nobody floats. */
function wireSag(x: number): number {
  const t = (x - 2) / 132
  return 30 * (1 - t) ** 2 + 80 * t * (1 - t) + 28 * t ** 2 - 31
}
