import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ColumnMapping, ImportPreview } from '#contract/imports.ts'
import { Button } from '../../../ui/Button.tsx'
import { SelectField, TextField } from '../../../ui/fields.tsx'
import {
  COLUMN_ROLES,
  roleOf,
  samplesOf,
  variableOf,
  variableProblem,
  withRole,
  withVariable,
  type ColumnRole,
} from './columnRoles.ts'

/** A file may have hundreds of columns; those that matter tend to come first. */
const SHOWN_AT_FIRST = 30

type Props = { preview: ImportPreview; mapping: ColumnMapping; onChange: (mapping: ColumnMapping) => void }

/** Every column with what stands in it, what it is for, and the name under which messages reach it. */
export function ColumnChoices({ preview, mapping, onChange }: Props) {
  const { t } = useTranslation()
  const [showsAll, setShowsAll] = useState(false)
  const id = useId()
  const shown = showsAll ? preview.columns : preview.columns.slice(0, SHOWN_AT_FIRST)
  return (
    <section aria-labelledby={id} className="flex flex-col gap-3">
      <h3 id={id} className="text-lg font-semibold">
        {t('imports.mapping.columnsTitle')}
      </h3>
      <ul className="flex flex-col divide-y divide-line rounded-card border border-line">
        {shown.map((header, column) => (
          <li
            key={`${column} ${header}`}
            className="grid items-start gap-x-4 gap-y-2 p-3 sm:grid-cols-[minmax(0,1fr)_11rem_minmax(0,12rem)] sm:p-4"
          >
            <div className="min-w-0">
              <p className="font-semibold [overflow-wrap:anywhere]">{header}</p>
              <p className="truncate text-sm text-ink-soft">
                {samplesOf(preview, column).join(' · ') || t('imports.mapping.emptyColumn')}
              </p>
            </div>
            <OneColumn {...{ preview, mapping, onChange, header, column }} />
          </li>
        ))}
      </ul>
      {shown.length < preview.columns.length && (
        <Button look="secondary" size="small" className="self-start" onClick={() => setShowsAll(true)}>
          {t('imports.mapping.moreColumns', { n: preview.columns.length - shown.length })}
        </Button>
      )}
    </section>
  )
}

function OneColumn({ preview, mapping, onChange, header, column }: Props & { header: string; column: number }) {
  const { t } = useTranslation()
  const role = roleOf(mapping, column)
  const problem = variableProblem(mapping, preview.columns, column)
  return (
    <>
      <SelectField
        label={t('imports.mapping.role')}
        aria-label={t('imports.mapping.roleOf', { header })}
        value={role}
        onChange={(event) => onChange(withRole(mapping, column, event.target.value as ColumnRole))}
      >
        {COLUMN_ROLES.map((one) => (
          <option key={one} value={one}>
            {t(`imports.mapping.roles.${one}`)}
          </option>
        ))}
      </SelectField>
      {role === 'variable' && (
        <TextField
          label={t('imports.mapping.variable')}
          aria-label={t('imports.mapping.variableOf', { header })}
          value={variableOf(mapping, preview.columns, column)}
          maxLength={100}
          autoComplete="off"
          error={problem === null ? undefined : t(`imports.mapping.${problem}`)}
          onChange={(event) => onChange(withVariable(mapping, preview.columns, column, event.target.value))}
        />
      )}
    </>
  )
}
