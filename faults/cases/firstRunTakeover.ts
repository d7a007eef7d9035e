import { check } from '../lab/check.ts'
import type { Lab, Numbers } from '../lab/Lab.ts'
import { emptyApiSite, newPassword } from '../lab/people.ts'
import { expectStatus, visit } from '../lab/visit.ts'

/** Two and more first administrators at once, at two processes: one wins, and the door stays closed behind. */
export async function firstRunTakeover(lab: Lab): Promise<Numbers> {
  const rounds = lab.rounds(10, 2)
  for (let round = 0; round < rounds; round++) {
    lab.tell(`round ${round + 1} of ${rounds}`)
    await onePair(lab, round % 2 === 0 ? 2 : 16)
  }
  return { rounds, 'winners a round': 1 }
}

async function onePair(lab: Lab, contenders: number): Promise<void> {
  const { site, apis } = await emptyApiSite(lab, 2)
  const setUp = (n: number) => {
    const body = { name: 'Lab', email: `first${n}@revoada.local`, password: newPassword() }
    return visit(`${apis[n % 2]}/api/setup`, { method: 'POST', body })
  }
  const replies = await Promise.all(Array.from({ length: contenders }, (_, n) => setUp(n)))
  const won = replies.filter(({ status }) => status === 201)
  check(won.length === 1, `Of ${contenders} first administrators ${won.length} were made.`)
  for (const reply of replies) {
    expectStatus('A first administrator', reply, 201, 403)
    check(reply.status === 201 || reply.cookies.length === 0, 'Who came too late was signed in.')
  }
  for (const n of [98, 99]) expectStatus('The setup after the setup', await setUp(n), 403)
  const users = await site.query<{ email: string; role: string }>('select email, role from users')
  const winner = JSON.parse(won[0]?.text ?? '{}') as { email?: string }
  check(
    users.length === 1 && users[0]?.email === winner.email,
    `There are ${users.length} users, or another than was told.`,
  )
  check(users[0]?.role === 'admin', 'The first user is no administrator.')
  const asked = await visit(`${apis[1]}/api/setup`)
  check(asked.text === '{"needed":false}', `The setup still says ${asked.text}.`)
  await Promise.all(site.living.map((server) => server.kill()))
}
