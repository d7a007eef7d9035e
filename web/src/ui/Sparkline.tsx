import { cn } from './cn.ts'

const WIDTH = 160
const HEIGHT = 40

/** How a number moved lately, without axes: the newest at the right. Nothing is drawn below two points. */
export function Sparkline({
  values,
  label,
  className,
}: {
  values: readonly number[]
  label: string
  className?: string
}) {
  if (values.length < 2) return null
  const highest = Math.max(...values, 1)
  const step = WIDTH / (values.length - 1)
  const points = values.map((value, index) => [index * step, HEIGHT - 3 - (value / highest) * (HEIGHT - 8)] as const)
  const path = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('')
  const [lastX, lastY] = points.at(-1) ?? [0, 0]
  return (
    <svg
      viewBox={`-2 0 ${WIDTH + 6} ${HEIGHT}`}
      role="img"
      aria-label={label}
      className={cn('h-10 w-40 overflow-visible', className)}
    >
      <path d={`${path}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`} className="fill-primary-soft" />
      <path d={path} className="fill-none stroke-primary stroke-2" strokeLinejoin="round" strokeLinecap="round" />
      <circle cx={lastX} cy={lastY} r={3.5} className="fill-dawn" />
    </svg>
  )
}
