import { zodResolver } from '@hookform/resolvers/zod'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import { proofBody, type Proof } from '#contract/auth.ts'
import { fieldErrorKey } from '../../../lib/fieldErrors.ts'
import { Button } from '../../../ui/Button.tsx'
import { Dialog } from '../../../ui/Dialog.tsx'
import { needsCode, ProofFields, ProofProblem } from './ProofFields.tsx'

type Call = { mutate: (proof: Proof) => void; isPending: boolean; error: unknown }

type Props = {
  title: string
  description: string
  submitLabel: string
  asksCode: boolean
  call: Call
  onClose: () => void
}

/** Asks who it is before something that a borrowed session must not do. */
export function ProofDialog({ title, description, onClose, ...form }: Props) {
  const { t } = useTranslation()
  return (
    <Dialog open onClose={onClose} title={title} closeLabel={t('common.close')} description={description}>
      <ProofForm {...form} />
    </Dialog>
  )
}

/** The fields and the button, where the dialog around them has more to show. */
export function ProofForm({ submitLabel, asksCode, call }: Pick<Props, 'submitLabel' | 'asksCode' | 'call'>) {
  const { register, handleSubmit, formState } = useForm<Proof>({
    resolver: zodResolver(proofBody, { error: fieldErrorKey }),
    defaultValues: { currentPassword: '' },
  })
  const submit = handleSubmit((proof) => call.mutate(proof))
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4">
      <ProofProblem error={call.error} onRetry={submit} />
      <ProofFields
        password={register('currentPassword')}
        passwordError={formState.errors.currentPassword?.message}
        code={asksCode || needsCode(call.error) ? register('code') : null}
        codeError={formState.errors.code?.message}
        error={call.error}
      />
      <Button type="submit" busy={call.isPending}>
        {submitLabel}
      </Button>
    </form>
  )
}
