import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { importFailure, type ColumnMapping, type ContactImport, type ImportPreview } from '#contract/imports.ts'
import { ApiError } from '../../../lib/ApiError.ts'
import { CountryField } from '../../../lib/CountryField.tsx'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { useFormat } from '../../../lib/useFormat.ts'
import { Button } from '../../../ui/Button.tsx'
import { SelectField } from '../../../ui/fields.tsx'
import { Loading } from '../../../ui/Loading.tsx'
import { Notice } from '../../../ui/Notice.tsx'
import { useCommitImport } from '../api/commitImport.ts'
import { previewQuery } from '../api/previewImport.ts'
import { ColumnChoices } from './ColumnChoices.tsx'
import { variableProblem } from './columnRoles.ts'
import { FirstRows } from './FirstRows.tsx'
import { useMappingDraft, type MappingDraft } from './useMappingDraft.ts'

/** A file that waits: what its columns are for, what its first rows would become, and the word to begin. */
export function ImportMapping({ contactImport }: { contactImport: ContactImport }) {
  const { t } = useTranslation()
  const { choice, change, startOver } = useMappingDraft(contactImport.id)
  const preview = useQuery(previewQuery(contactImport.id, choice))
  const unreadable = failureOf(preview.error)
  return (
    <div className="flex flex-col gap-6">
      {unreadable !== null && (
        <Notice tone="bad" title={t('imports.failed')}>
          {unreadable.line !== null && `${t('imports.failedAtLine', { line: unreadable.line })} `}
          {t(`imports.failure.${unreadable.reason}`)}
        </Notice>
      )}
      {preview.error !== null && unreadable === null && (
        <ErrorNotice
          error={preview.error}
          onRetry={() => void preview.refetch()}
          action={
            <Button look="secondary" size="small" onClick={startOver}>
              {t('imports.mapping.startOver')}
            </Button>
          }
        />
      )}
      {preview.isPending && preview.error === null && <Loading label={t('imports.mapping.reading')} />}
      {preview.data !== undefined && (
        <Chooser
          contactImport={contactImport}
          preview={preview.data}
          isStale={preview.isPlaceholderData}
          choice={choice}
          onChange={change}
        />
      )}
    </div>
  )
}

type ChooserProps = {
  contactImport: ContactImport
  preview: ImportPreview
  isStale: boolean
  choice: MappingDraft
  onChange: (choice: MappingDraft) => void
}

function Chooser({ contactImport, preview, isStale, choice, onChange }: ChooserProps) {
  const { t } = useTranslation()
  const commit = useCommitImport(contactImport.id)
  const mapping = choice.mapping ?? preview.mapping
  const problem = problemOf(mapping, preview)
  const start = () =>
    commit.mutate({
      mapping,
      defaultCountry: choice.defaultCountry ?? preview.defaultCountry,
      ...(preview.sheet === null ? {} : { sheet: preview.sheet }),
    })
  return (
    <>
      <HowItIsRead preview={preview} choice={choice} onChange={onChange} />
      {choice.mapping === undefined && preview.mappingFrom === 'remembered' && (
        <Notice>{t('imports.mapping.remembered')}</Notice>
      )}
      {!preview.hasHeader && <Notice tone="warn">{t('imports.mapping.noHeader')}</Notice>}
      <ColumnChoices preview={preview} mapping={mapping} onChange={(next) => onChange({ ...choice, mapping: next })} />
      <FirstRows rows={preview.rows} isStale={isStale} />
      {commit.error !== null && <ErrorNotice error={commit.error} onRetry={start} />}
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button busy={commit.isPending} disabled={problem !== null} onClick={start}>
          {t('imports.mapping.commit')}
        </Button>
        {problem !== null && <p className="text-sm font-medium text-bad-text">{t(`imports.mapping.${problem}`)}</p>}
      </div>
    </>
  )
}

/** Encoding and separator are found out, country and sheet can be chosen. */
function HowItIsRead({ preview, choice, onChange }: Pick<ChooserProps, 'preview' | 'choice' | 'onChange'>) {
  const { t } = useTranslation()
  const format = useFormat()
  const isWorkbook = preview.sheets.length > 0
  return (
    <div className="flex flex-col gap-4">
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-sm">
        {isWorkbook ? (
          <Fact name={t('imports.mapping.kind')} value={t('imports.mapping.workbook')} />
        ) : (
          <>
            <Fact name={t('imports.mapping.encoding')} value={preview.encoding} />
            <Fact name={t('imports.mapping.delimiter')} value={t(`imports.mapping.delimiters.${nameOf(preview)}`)} />
          </>
        )}
        <Fact name={t('imports.mapping.columns')} value={format.number(preview.columns.length)} />
      </dl>
      <div className="grid gap-4 sm:grid-cols-2">
        <CountryField
          label={t('imports.country')}
          hint={t('imports.countryHint')}
          value={choice.defaultCountry ?? preview.defaultCountry}
          onChange={(defaultCountry) => onChange({ ...choice, defaultCountry })}
        />
        {preview.sheets.length > 1 && (
          <SelectField
            label={t('imports.mapping.sheet')}
            value={choice.sheet ?? preview.sheet ?? ''}
            // Another sheet has other columns: what was said about these does not hold for those.
            onChange={(event) => onChange({ ...choice, mapping: undefined, sheet: event.target.value })}
          >
            {preview.sheets.map((sheet) => (
              <option key={sheet}>{sheet}</option>
            ))}
          </SelectField>
        )}
      </div>
    </div>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex gap-1.5">
      <dt className="text-ink-soft">{name}</dt>
      <dd className="font-semibold">{value}</dd>
    </div>
  )
}

const DELIMITERS = { ';': 'semicolon', ',': 'comma', '\t': 'tab', '|': 'bar' } as const

function nameOf({ delimiter }: ImportPreview): (typeof DELIMITERS)[keyof typeof DELIMITERS] | 'none' {
  return delimiter !== null && delimiter in DELIMITERS ? DELIMITERS[delimiter as keyof typeof DELIMITERS] : 'none'
}

function problemOf(mapping: ColumnMapping, { columns }: ImportPreview): 'phoneMissing' | 'namesWrong' | null {
  if (mapping.phoneColumns.length === 0) return 'phoneMissing'
  return columns.some((_, column) => variableProblem(mapping, columns, column) !== null) ? 'namesWrong' : null
}

/** Why the file is no table that can be read, when that is what was answered. */
function failureOf(error: unknown) {
  if (!(error instanceof ApiError) || error.code !== 'CSV_UNREADABLE') return null
  return importFailure.safeParse(error.details).data ?? null
}
