/** How strongly what stands before a block sets it apart from the block before. The highest of several counts. */
export const GAP = { none: 0, slash: 1, list: 2, text: 3, extension: 4 } as const
type Gap = (typeof GAP)[keyof typeof GAP]

/** Digits that belong together as written: `(21) 973 8131` is one block of three groups. */
export type DigitBlock = {
  groups: string[]
  /** Parallel to `groups`: a dash between spaces stood before this group (`219738131 - 219738132`). */
  dashed: boolean[]
  plus: boolean
  gap: Gap
  /** Something in it stands for a digit that we would have to guess: `1198765432O`, `9876-43**`. */
  unreadable: boolean
  /** Where it stands in the text. */
  start: number
  end: number
}

const LIST_WORDS = new Set(['ou', 'e', 'or', 'and', 'y', 'o', 'a', 'à', 'ate', 'até', 'to'])
const EXTENSION_WORDS = new Set([
  'ramal',
  'ramais',
  'ram',
  'r',
  'rm',
  'ext',
  'extensão',
  'extensao',
  'extension',
  'anexo',
])
const MASK = /^[xX]{1,6}$/
/** Short runs of letters that people and scanners write for 0, 1, 5, 8 and 2. */
const STANDS_FOR_A_DIGIT = /^[oOlLiIsSbBzZ]{1,2}$/

/** Cuts plain text (see `plainText`) into blocks of digits and says what stood between them. One pass over the text. */
export function readDigitBlocks(text: string): { blocks: DigitBlock[]; hasText: boolean } {
  const reader = new BlockReader(text)
  // Digits, letters, any one other character: three shapes that cannot backtrack into each other.
  for (const match of text.matchAll(/\d+|\p{L}+|[^\d\p{L}]/gu)) reader.read(match[0], match.index)
  return { blocks: reader.blocks, hasText: reader.hasText }
}

class BlockReader {
  readonly blocks: DigitBlock[] = []
  hasText = false
  private readonly text: string
  private gap: Gap = GAP.none
  private dash = false
  private plus = false
  private unreadable = false

  constructor(text: string) {
    this.text = text
  }

  read(token: string, at: number): void {
    const next = at + token.length
    if (isDigit(token)) this.digits(token, at)
    else if (/^\p{L}/u.test(token)) this.letters(token, isDigit(this.text[at - 1]), isDigit(this.text[next]))
    else this.mark(token, this.text[at - 1], this.text[next])
  }

  private digits(digits: string, at: number): void {
    const open = this.blocks.at(-1)
    const end = at + digits.length
    if (open !== undefined && this.gap === GAP.none && !this.plus) {
      open.groups.push(digits)
      open.dashed.push(this.dash)
      open.unreadable ||= this.unreadable
      open.end = end
    } else {
      const start = this.plus ? this.text.lastIndexOf('+', at) : at
      const { plus, gap, unreadable } = this
      this.blocks.push({ groups: [digits], dashed: [false], plus, gap, unreadable, start, end })
    }
    this.gap = GAP.none
    this.dash = this.plus = this.unreadable = false
  }

  private letters(word: string, gluedLeft: boolean, gluedRight: boolean): void {
    const lower = word.toLowerCase()
    if (MASK.test(word)) return this.maskLetters(word, gluedLeft, gluedRight)
    if (EXTENSION_WORDS.has(lower)) return this.setApart(GAP.extension, true)
    if (LIST_WORDS.has(lower) && word !== 'O') return this.setApart(GAP.list, false)
    if ((gluedLeft || gluedRight) && STANDS_FOR_A_DIGIT.test(word)) this.spoil(gluedLeft, gluedRight)
    this.setApart(GAP.text, true)
  }

  /** `0xx11` leaves room for a carrier, `3232-1234x56` names an extension, `98765-43xx` hides digits. */
  private maskLetters(word: string, gluedLeft: boolean, gluedRight: boolean): void {
    if (this.isAfterTrunkZero()) return
    if (gluedLeft && gluedRight && word.length === 1) return this.setApart(GAP.extension, true)
    if (gluedLeft) this.spoil(true, gluedRight)
    this.setApart(GAP.text, true)
  }

  private mark(mark: string, before: string | undefined, after: string | undefined): void {
    if (mark === '+') return this.plusSign()
    if (mark === '-') this.dash ||= isBlank(before) && isBlank(after)
    else if (mark === '*' || mark === '?') this.hiddenDigit(isDigit(before), isDigit(after))
    else if (mark === '/' || mark === '\\' || mark === ',') this.setApart(GAP.slash, false)
    else if (/[;|\n\r&]/.test(mark)) this.setApart(GAP.list, false)
    else if (mark === '#') this.setApart(GAP.extension, false)
    else if (!/[\s().[\]{}"'`´:=_~<>@!$%^]/.test(mark)) this.setApart(GAP.list, true)
  }

  private plusSign(): void {
    const open = this.blocks.at(-1)
    // `55+11 98765…`: what stands before belongs to it somehow, so it must not be read as a country code.
    if (open !== undefined && this.gap === GAP.none && digitCount(open) < 7) this.unreadable = true
    if (open !== undefined) this.setApart(GAP.list, false)
    this.plus = true
  }

  private hiddenDigit(gluedLeft: boolean, gluedRight: boolean): void {
    if (this.isAfterTrunkZero()) return
    this.spoil(gluedLeft, gluedRight)
  }

  private isAfterTrunkZero(): boolean {
    const open = this.blocks.at(-1)
    return open !== undefined && this.gap === GAP.none && /^(?:55)?0$/.test(open.groups.at(-1) ?? '')
  }

  private spoil(left: boolean, right: boolean): void {
    const open = this.blocks.at(-1)
    if (left && open !== undefined) open.unreadable = true
    if (right) this.unreadable = true
  }

  private setApart(gap: Gap, isText: boolean): void {
    if (gap > this.gap) this.gap = gap
    this.hasText ||= isText
  }
}

export function digitCount(block: DigitBlock): number {
  return block.groups.reduce((sum, group) => sum + group.length, 0)
}

function isDigit(text: string | undefined): boolean {
  return text !== undefined && text >= '0' && text <= '9\uffff'
}

function isBlank(character: string | undefined): boolean {
  return character === undefined || character === ' ' || character === '\n'
}
