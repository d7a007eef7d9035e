import type { RejectReason, WarningReason } from '#contract/imports.ts'

/** Headings and sentences of the files that people download after an import. Portuguese, as the rest of what they read. */
export const HEADINGS = {
  line: 'linha',
  phone: 'telefone usado',
  others: 'outros no campo',
  field: 'campo',
  reason: 'motivo',
  warning: 'aviso',
} as const

export const REJECTION_TEXTS: Record<RejectReason, string> = {
  EMPTY: 'O campo de telefone está vazio.',
  EXCEL_EXPONENT:
    'O Excel transformou o telefone em notação científica (como 5,51E+12) e os dígitos se perderam. Formate a coluna como texto e exporte de novo.',
  TOO_SHORT: 'Faltam dígitos no telefone.',
  TOO_LONG: 'O telefone tem dígitos demais.',
  NOT_A_NUMBER: 'O campo não contém um número de telefone legível: há letras ou sinais no lugar de dígitos.',
  UNKNOWN_COUNTRY: 'O código de país não existe.',
  MISSING_AREA_CODE: 'Falta o DDD.',
  INVALID_AREA_CODE: 'O DDD não existe.',
  NOT_DIALABLE: 'Este número não existe no plano de numeração do país.',
  NO_PHONE_COLUMN: 'A linha não tem a coluna de telefone.',
  BROKEN_ROW: 'A linha não tem o mesmo formato do cabeçalho: há colunas a mais ou aspas sem par.',
  ERASED: 'Esta pessoa pediu para ser esquecida; a linha não foi guardada.',
}

export const WARNING_TEXTS: Record<WarningReason, string> = {
  SEVERAL_NUMBERS: 'Há vários números no campo; foi usado o primeiro que pode ser discado.',
  SHORTHAND_NUMBER: 'Há um segundo número abreviado no campo; foi usado só o número completo.',
  TEXT_IGNORED: 'Há texto junto do telefone; o texto foi ignorado.',
  TEXT_CLEANED: 'Um texto longo demais foi cortado ou continha caracteres inválidos, que foram removidos.',
}
