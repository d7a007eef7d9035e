import { isAscii } from 'node:buffer'

/** Of what UTF-8 calls one character, the beginning of two, three or four bytes and all that follows. */
const UTF8_CHARACTER = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}/g
/** Signs that stand in no word; old code pages of DOS and of the Mac have letters in their places. */
const SIGN_WITHIN_WORD = /[a-z][‚ƒ„†‡ˆ‰‹›¡¢£¤¥¦§¨©«»¬®¯±²³¶¸¹¼½¾¿×÷](?=[a-z])/gi
const LETTER = /[À-ÖØ-öø-ÿŠŒŽšœžŸ]/g

/**
 * Any bytes can be read as windows-1252, also those of another encoding, and come out as garbage. This counts what true
 * windows-1252 text hardly has, over all of a file: characters of UTF-8, and signs in the middle of words.
 */
export class ForeignText {
  #highBytes = 0
  #utf8Bytes = 0
  #signs = 0
  #letters = 0

  /** Adds bytes and what they were read as. True when the file so far reads like another encoding. */
  add(bytes: Buffer, readAs: Buffer): boolean {
    if (isAscii(bytes)) return false
    const raw = bytes.toString('latin1')
    const text = readAs.toString()
    this.#highBytes += countOf(raw, /[\x80-\xff]/g)
    this.#utf8Bytes += raw.match(UTF8_CHARACTER)?.join('').length ?? 0
    this.#signs += countOf(text, SIGN_WITHIN_WORD)
    this.#letters += countOf(text, LETTER)
    return this.#utf8Bytes * 10 > this.#highBytes || (this.#signs > 0 && this.#signs * 4 >= this.#letters)
  }
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}
