import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNotice } from '../../lib/ErrorNotice.tsx'
import { formatPhone } from '../../lib/formatPhone.ts'
import { Button, buttonClass } from '../../ui/Button.tsx'
import { Card, PageHeader } from '../../ui/Card.tsx'
import { ChatBubble, ChatPreview, ChatText } from '../../ui/ChatPreview.tsx'
import { cn } from '../../ui/cn.ts'
import { FlyingFlock } from '../../ui/Flock.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Loading } from '../../ui/Loading.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { TextArea } from '../../ui/fields.tsx'
import { Arrivals } from './Arrivals.tsx'
import { EXAMPLE_PEOPLE } from './examplePeople.ts'
import { useFirstCampaign } from './useFirstCampaign.ts'

/** The first two minutes: a simulator, one campaign to three invented people, and watching it arrive. */
export function WelcomePage({ userId }: { userId: string }) {
  const { t } = useTranslation()
  const first = useFirstCampaign(userId)
  const [content, setContent] = useState(() =>
    t('welcome.content', { saudacao: '{{saudacao}}', nome: '{{primeiro_nome}}' }),
  )
  const { sandbox, campaignId, channels } = first
  if (channels.error !== null) return <ErrorNotice error={channels.error} onRetry={() => void channels.refetch()} />
  if (channels.data === undefined) return <Loading label={t('common.loading')} />
  const step = campaignId !== null ? 3 : sandbox === undefined ? 1 : 2
  return (
    <>
      <PageHeader
        title={t('welcome.title')}
        lead={t('welcome.lead')}
        actions={
          <Link to="/" className={buttonClass({ look: 'quiet', size: 'small' })}>
            {t(first.isDone ? 'welcome.toOverview' : 'welcome.skip')}
          </Link>
        }
      />
      <Notice title={t('welcome.localTitle')} className="mb-6">
        {t('welcome.localText')}
      </Notice>
      <ol className="flex flex-col gap-4">
        <Part
          n={1}
          step={step}
          title={t('welcome.channelTitle')}
          done={sandbox && t('welcome.channelDone', { name: sandbox.name })}
        >
          <p className="text-ink-soft">{t('welcome.channelText')}</p>
          {first.addSandbox.error !== null && (
            <ErrorNotice error={first.addSandbox.error} onRetry={first.addSandbox.run} />
          )}
          <Button size="large" className="self-start" busy={first.addSandbox.isPending} onClick={first.addSandbox.run}>
            {t('welcome.channelAction')}
          </Button>
        </Part>
        <Part n={2} step={step} title={t('welcome.campaignTitle')} done={t('welcome.campaignDone')}>
          <div className="grid items-start gap-5 md:grid-cols-2">
            <div className="flex flex-col gap-4">
              <People />
              <TextArea
                label={t('welcome.message')}
                hint={t('welcome.messageHint', { nome: '{{primeiro_nome}}' })}
                value={content}
                error={content.trim() === '' ? t('fields.required') : undefined}
                onChange={(event) => setContent(event.target.value)}
              />
            </div>
            <ChatPreview
              caption={<bdi className="font-semibold">{EXAMPLE_PEOPLE[0].name}</bdi>}
              className="[&>div]:min-h-32"
            >
              <ChatBubble>
                <ChatText text={example(content)} />
              </ChatBubble>
            </ChatPreview>
          </div>
          {first.send.error !== null && <ErrorNotice error={first.send.error} />}
          <Button
            size="large"
            icon="play"
            className="self-start"
            busy={first.send.isPending}
            disabled={content.trim() === ''}
            onClick={() => sandbox !== undefined && first.send.run(sandbox, content)}
          >
            {t('welcome.campaignAction')}
          </Button>
        </Part>
        <Part n={3} step={step} title={t('welcome.watchTitle')} done={undefined}>
          {first.peopleError !== null && <ErrorNotice error={first.peopleError} />}
          <Arrivals people={first.people} isDone={first.isDone} />
          {first.isDone && campaignId !== null && <Next campaignId={campaignId} />}
        </Part>
      </ol>
    </>
  )
}

type PartProps = { n: number; step: number; title: string; done: string | undefined; children: ReactNode }

/** A step: to come, being done, or done. */
function Part({ n, step, title, done, children }: PartProps) {
  const isDone = n < step
  return (
    <li aria-current={n === step ? 'step' : undefined}>
      <Card className={cn('flex flex-col gap-5', n > step && 'opacity-60')}>
        <h2 className="flex items-center gap-3 text-xl font-bold">
          <span
            aria-hidden="true"
            className={cn(
              'flex h-8 w-8 shrink-0 items-center justify-center rounded-full text-base',
              isDone ? 'bg-good-soft text-good-text' : 'bg-primary-soft text-primary-text',
            )}
          >
            {isDone ? <Icon name="check" className="h-4 w-4" /> : n}
          </span>
          {title}
          {n === 3 && n === step && <FlyingFlock moving className="ml-auto h-8 w-16" />}
        </h2>
        {n === step && children}
        {isDone && <p className="text-ink-soft">{done}</p>}
      </Card>
    </li>
  )
}

function People() {
  const { t } = useTranslation()
  return (
    <div>
      <p className="mb-1 text-sm font-semibold">{t('welcome.people')}</p>
      <ul className="tabular text-ink-soft">
        {EXAMPLE_PEOPLE.map(({ name, phone }) => (
          <li key={phone} className="flex flex-wrap gap-x-3">
            <span className="font-medium text-ink">{name}</span> {formatPhone(phone)}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Next({ campaignId }: { campaignId: string }) {
  const { t } = useTranslation()
  return (
    <div className="flex flex-wrap gap-3">
      <Link to="/campaigns/$campaignId" params={{ campaignId }} className={buttonClass()}>
        {t('welcome.toReport')}
      </Link>
      <Link to="/imports" className={buttonClass({ look: 'secondary' })}>
        {t('welcome.toImports')}
      </Link>
      <Link to="/channels" className={buttonClass({ look: 'secondary' })}>
        {t('welcome.toChannels')}
      </Link>
    </div>
  )
}

/** As the first of the three will read it; which greeting it is the hour decides. */
function example(content: string): string {
  const [{ name, phone }] = EXAMPLE_PEOPLE
  const values: Record<string, string> = {
    saudacao: 'Bom dia',
    primeiro_nome: name.split(' ')[0],
    nome: name,
    telefone: phone,
  } as Record<string, string>
  return content.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, key: string) => values[key] ?? whole)
}
