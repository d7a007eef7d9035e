import type { ReactNode } from 'react'
import { useEffect } from 'react'
import { FlyingFlock, Mark } from '../../ui/Flock.tsx'
import { LanguageChoice } from '../Preferences.tsx'

/** The page before the app: setup and sign-in. */
export function GateLayout({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Revoada`
  }, [title])
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-md flex-col justify-center gap-6 px-4 py-8">
      <div className="flex items-center justify-between">
        <p className="flex items-center gap-2.5">
          <Mark className="h-9 w-9" />
          <span className="text-xl font-bold tracking-tight">Revoada</span>
        </p>
        <FlyingFlock className="h-12" />
      </div>
      <div className="flex flex-col gap-5 rounded-card border border-line bg-surface p-5 shadow-card sm:p-7">
        <div>
          <h1 className="text-2xl font-bold">{title}</h1>
          <p className="mt-1.5 text-ink-soft">{lead}</p>
        </div>
        {children}
      </div>
      <LanguageChoice />
    </main>
  )
}
