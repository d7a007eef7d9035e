import { useTranslation } from 'react-i18next'
import { MultiCombobox } from '../../../../ui/Combobox.tsx'
import { CheckField } from '../../../../ui/fields.tsx'

export type Source = { value: string; label: string; hint: string }

/** So many are seen at a glance; more are found by typing. */
const FEW = 6

type Props = {
  label: string
  sources: readonly Source[]
  chosen: readonly string[]
  onChange: (ids: string[]) => void
}

/** Some of several lists: all in sight while they are few, found by typing when they are many. */
export function SourceField({ label, sources, chosen, onChange }: Props) {
  const { t } = useTranslation()
  if (sources.length > FEW) {
    return (
      <MultiCombobox
        label={label}
        placeholder={t('newCampaign.findList')}
        items={sources}
        value={sources.filter(({ value }) => chosen.includes(value))}
        emptyText={t('newCampaign.noneFound')}
        clearLabel={t('newCampaign.clearList')}
        removeLabel={(item) => t('newCampaign.removeNamed', { name: item.label })}
        onChange={(items) => onChange(items.map(({ value }) => value))}
      />
    )
  }
  return (
    <fieldset className="flex min-w-0 flex-col">
      <legend className="mb-1 text-sm font-semibold">{label}</legend>
      <div className="grid gap-x-6 sm:grid-cols-2">
        {sources.map(({ value, label: name, hint }) => (
          <CheckField
            key={value}
            label={name}
            hint={hint}
            checked={chosen.includes(value)}
            onChange={({ target }) =>
              onChange(target.checked ? [...chosen, value] : chosen.filter((other) => other !== value))
            }
          />
        ))}
      </div>
    </fieldset>
  )
}
