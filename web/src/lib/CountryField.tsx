import { useMemo } from 'react'
import { SelectField } from '../ui/fields.tsx'
import { COUNTRIES } from './countries.ts'
import { useFormat } from './useFormat.ts'

/** Those that most of our users write to come first; the rest by name. */
const FIRST = ['BR', 'PT', 'AR', 'UY', 'PY', 'ES', 'MX', 'US']

type Props = { label: string; hint?: string; value: string; onChange: (country: string) => void }

/** The country that numbers without a plus sign belong to. */
export function CountryField({ label, hint, value, onChange }: Props) {
  const format = useFormat()
  const others = useMemo(() => {
    const rest = COUNTRIES.filter((code) => !FIRST.includes(code)).map((code) => ({ code, name: format.region(code) }))
    return rest.sort((a, b) => a.name.localeCompare(b.name, format.language))
  }, [format])
  return (
    <SelectField label={label} hint={hint} value={value} onChange={(event) => onChange(event.target.value)}>
      {FIRST.map((code) => (
        <option key={code} value={code}>
          {format.region(code)}
        </option>
      ))}
      <hr />
      {others.map(({ code, name }) => (
        <option key={code} value={code}>
          {name}
        </option>
      ))}
    </SelectField>
  )
}
