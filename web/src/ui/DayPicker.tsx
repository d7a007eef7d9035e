import { useId } from 'react'

/** As weeks begin in calendars here: Monday first. 0 is Sunday. */
const DAYS = [1, 2, 3, 4, 5, 6, 0]

type Props = {
  label: string
  /** 0 to 6, 0 is Sunday. */
  days: readonly number[]
  error: string | undefined
  /** What stands on the day's button, and what it is called for those who hear it where that is more. */
  nameOf: (day: number) => { short: string; long?: string }
  /** Those chosen now, by their number. */
  onChange: (days: number[]) => void
}

/** Days of the week, any of them. */
export function DayPicker({ label, days, error, nameOf, onChange }: Props) {
  const id = useId()
  const choose = (day: number, isOn: boolean) =>
    onChange(isOn ? [...days, day].sort((a, b) => a - b) : days.filter((own) => own !== day))
  return (
    <fieldset className="flex flex-col gap-1.5" aria-describedby={error === undefined ? undefined : id}>
      <legend className="mb-1.5 text-sm font-semibold">{label}</legend>
      <div className="flex flex-wrap gap-2">
        {DAYS.map((day) => (
          <Day key={day} {...nameOf(day)} isOn={days.includes(day)} onChoose={(isOn) => choose(day, isOn)} />
        ))}
      </div>
      {error !== undefined && (
        <p id={id} className="text-sm font-medium text-bad-text">
          {error}
        </p>
      )}
    </fieldset>
  )
}

type DayProps = { short: string; long?: string; isOn: boolean; onChoose: (isOn: boolean) => void }

function Day({ short, long = short, isOn, onChoose }: DayProps) {
  return (
    <label className="flex min-h-11 min-w-12 items-center justify-center rounded-full border border-line-strong px-3 text-sm font-medium has-checked:border-primary has-checked:bg-primary has-checked:text-primary-ink has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-primary">
      <input
        type="checkbox"
        className="sr-only"
        aria-label={long}
        checked={isOn}
        onChange={({ target }) => onChoose(target.checked)}
      />
      <span aria-hidden="true">{short}</span>
    </label>
  )
}
