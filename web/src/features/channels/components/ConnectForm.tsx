import type { ReactNode } from 'react'
import type { UseFormRegisterReturn } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { ErrorNotice } from '../../../lib/ErrorNotice.tsx'
import { fieldErrorText } from '../../../lib/fieldErrors.ts'
import { Button } from '../../../ui/Button.tsx'
import { TextField } from '../../../ui/fields.tsx'
import { Form } from '../../../ui/Form.tsx'

type Props = {
  call: { isPending: boolean; error: unknown }
  onSubmit: () => void
  name: UseFormRegisterReturn
  nameError: string | undefined
  /** What the gateway is reached by. */
  children: ReactNode
}

/** What connecting a channel asks for whatever is behind it: its name first, and the button at the end. */
export function ConnectForm({ call, onSubmit, name, nameError, children }: Props) {
  const { t } = useTranslation()
  return (
    <Form onSubmit={onSubmit}>
      {call.error !== null && <ErrorNotice error={call.error} onRetry={onSubmit} />}
      <TextField
        label={t('channels.name')}
        hint={t('channels.nameHint')}
        autoComplete="off"
        error={fieldErrorText(t, nameError)}
        {...name}
      />
      {children}
      <Button type="submit" busy={call.isPending}>
        {t('channels.connect')}
      </Button>
    </Form>
  )
}
