import { useMemo } from 'react'
import { SelectField } from '../ui/fields.tsx'
import { cityOf, timeZones } from './timeZones.ts'

type Props = {
  label: string
  hint?: string | undefined
  error?: string | undefined
  value: string
  /** Zones that come first: of the channel, of this device. */
  near: readonly string[]
  disabled?: boolean
  onChange: (timeZone: string) => void
}

/** Whose clock a time is meant by. */
export function TimeZoneField({ label, hint, error, value, near, disabled = false, onChange }: Props) {
  const nearest = [...near, value].join()
  const { first, others } = useMemo(() => timeZones(nearest.split(',')), [nearest])
  return (
    <SelectField
      label={label}
      hint={hint}
      error={error}
      value={value}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value)}
    >
      {first.map((zone) => (
        <option key={zone} value={zone}>
          {cityOf(zone)}
        </option>
      ))}
      <hr />
      {others.map((zone) => (
        <option key={zone} value={zone}>
          {zone.replaceAll('_', ' ')}
        </option>
      ))}
    </SelectField>
  )
}
