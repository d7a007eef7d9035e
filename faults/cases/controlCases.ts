import { buttonStorm } from './buttonStorm.ts'
import { cancelAtTheEnd } from './cancelAtTheEnd.ts'
import { deleteWhileRunning } from './deleteWhileRunning.ts'
import { doubleCreate } from './doubleCreate.ts'
import { doubleStart } from './doubleStart.ts'
import { earlyCompletion } from './earlyCompletion.ts'
import { editWhileRunning } from './editWhileRunning.ts'
import type { FaultCase } from './index.ts'
import { pauseAnytime } from './pauseAnytime.ts'
import { suppressWhileRunning } from './suppressWhileRunning.ts'

/** People at the controls, many and fast. */
export const CONTROL_CASES: Record<string, FaultCase> = {
  C01: {
    about: 'pauses at random moments, in one process and with API and worker apart: nothing new after the answer',
    run: pauseAnytime,
  },
  C02: {
    about: 'fifty people press pause, resume and cancel at random: only legal changes, cancel is final',
    run: buttonStorm,
  },
  C03: { about: 'cancel meets the last message: one end and not two, the books balance', run: cancelAtTheEnd },
  C04: {
    about: 'a creation is posted twenty times, and dies before its answer: one campaign, one id',
    run: doubleCreate,
  },
  C05: { about: 'fifty starts at once: it starts once, and one worker takes it once', run: doubleStart },
  C06: {
    about: 'text and pace are changed mid-run: the text is frozen, the pace holds at once',
    run: editWhileRunning,
  },
  C07: {
    about: 'a running campaign is not deleted; a cancelled one is, with nothing left over',
    run: deleteWhileRunning,
  },
  'suppress-while-running': {
    about:
      'people are suppressed while campaigns to them run: nothing starts a second later, and they are in the books',
    run: suppressWhileRunning,
  },
  C10: { about: 'the last answers take five seconds: completed is said when nobody is open', run: earlyCompletion },
}
