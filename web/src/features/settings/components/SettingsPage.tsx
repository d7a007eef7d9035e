import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Me } from '#contract/auth.ts'
import { PageHeader } from '../../../ui/Card.tsx'
import { Tabs } from '../../../ui/Tabs.tsx'
import { secondFactorQuery } from '../api/account.ts'
import { SETTINGS_TABS, type SettingsTab } from '../settingsTabs.ts'
import { ApiKeysSection } from './ApiKeysSection.tsx'
import { EmailSection } from './EmailSection.tsx'
import { FrequencyCapSection } from './FrequencyCapSection.tsx'
import { PasswordSection } from './PasswordSection.tsx'
import { SecondFactorSection } from './SecondFactorSection.tsx'
import { SessionsSection } from './SessionsSection.tsx'
import { SettingsSection } from './SettingsSection.tsx'

type Props = {
  me: Me
  tab: SettingsTab
  onTab: (tab: SettingsTab) => void
  /** Language and theme; the app keeps them. */
  preferences: ReactNode
  onMe: (me: Me) => void
}

/** What belongs to the account: who, how safe, where signed in, for which programs, how often. */
export function SettingsPage({ me, tab, onTab, preferences, onMe }: Props) {
  const { t } = useTranslation()
  return (
    <>
      <PageHeader title={t('settings.title')} lead={t('settings.lead')} />
      <Tabs
        label={t('settings.title')}
        value={tab}
        tabs={SETTINGS_TABS.map((value) => ({ value, label: t(`settings.tabs.${value}`) }))}
        onChange={onTab}
      >
        <div className="flex max-w-3xl flex-col gap-5">
          {tab === 'account' && <AccountTab me={me} preferences={preferences} />}
          {tab === 'security' && <SecurityTab me={me} onMe={onMe} />}
          {tab === 'sessions' && <SessionsSection />}
          {tab === 'keys' && <ApiKeysSection />}
          {tab === 'sending' && <FrequencyCapSection />}
        </div>
      </Tabs>
    </>
  )
}

function AccountTab({ me, preferences }: Pick<Props, 'me' | 'preferences'>) {
  const { t } = useTranslation()
  return (
    <>
      <SettingsSection title={t('settings.profile')}>
        <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-[auto_minmax(0,1fr)]">
          <Fact name={t('settings.name')}>{me.name}</Fact>
          <Fact name={t('auth.email')}>{me.email}</Fact>
          <Fact name={t('settings.role')}>{t(`account.roles.${me.role}`)}</Fact>
        </dl>
      </SettingsSection>
      <SettingsSection title={t('settings.appearance')} lead={t('settings.appearanceLead')}>
        <div className="flex max-w-md flex-col gap-4">{preferences}</div>
      </SettingsSection>
    </>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-sm font-semibold text-ink-soft">{name}</dt>
      <dd className="min-w-0 break-words">
        <bdi>{children}</bdi>
      </dd>
    </>
  )
}

function SecurityTab({ me, onMe }: Pick<Props, 'me' | 'onMe'>) {
  const factor = useQuery(secondFactorQuery)
  const hasSecondFactor = factor.data?.on === true
  return (
    <>
      <PasswordSection hasSecondFactor={hasSecondFactor} />
      <SecondFactorSection />
      <EmailSection email={me.email} hasSecondFactor={hasSecondFactor} onChanged={onMe} />
    </>
  )
}
