import { MIN_PASSWORD_LENGTH } from '#contract/auth.ts'
import { AppError } from '#server/lib/AppError.ts'

/** Shorter pieces of a name are in every other word. */
const SHORTEST_PIECE = 4

/**
 * Refuses what is guessed first: passwords of the common and leaked lists, and those that hardly hold more than the
 * person's own name or e-mail. Throws PASSWORD_TOO_WEAK with the reason. Nothing is asked of the kinds of characters.
 */
export async function refuseWeakPassword(password: string, owner: { name: string; email: string }): Promise<void> {
  const plain = password.normalize('NFKC').toLowerCase()
  const rest = withoutPieces(plain, piecesOf(owner))
  if (rest !== plain && rest.length < MIN_PASSWORD_LENGTH) refuse('personal')
  const common = await loadCommonPasswords()
  if (common.has(plain) || common.has(rest) || isRepetition(plain)) refuse('common')
}

function refuse(reason: 'personal' | 'common'): never {
  throw new AppError('PASSWORD_TOO_WEAK', { details: { reason } })
}

function piecesOf({ name, email }: { name: string; email: string }): string[] {
  const lower = email.toLowerCase()
  const pieces = [lower, ...lower.split(/[@.+_-]/), ...name.normalize('NFKC').toLowerCase().split(/\s+/)]
  // The longest first: an address goes as a whole before its parts do.
  return pieces.filter((piece) => piece.length >= SHORTEST_PIECE).toSorted((a, b) => b.length - a.length)
}

function withoutPieces(text: string, pieces: readonly string[]): string {
  return pieces.reduce((rest, piece) => rest.replaceAll(piece, ''), text)
}

/** One to four characters over and over. */
function isRepetition(text: string): boolean {
  return /^(.{1,4})\1+$/u.test(text)
}

let common: Promise<ReadonlySet<string>> | null = null

/** Unpacked when the first password is set, not at start: that takes a quarter of a second. */
function loadCommonPasswords(): Promise<ReadonlySet<string>> {
  common ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => {
    const words: readonly string[] = dictionary['passwords-common']
    return new Set(words.filter((word) => word.length >= MIN_PASSWORD_LENGTH))
  })
  return common
}
