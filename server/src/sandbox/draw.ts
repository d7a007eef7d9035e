/**
 * A number in [0, 1) that is always the same for the same texts and spread evenly over different ones.
 * FNV-1a, then the finaliser of MurmurHash3: without it ids that differ in their last letter fall close together.
 */
export function draw(seed: string, purpose: string, subject: string): number {
  let hash = fnv1a(subject, fnv1a(purpose, fnv1a(seed, 0x811c9dc5)))
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** Short fingerprint of a body, to see whether a repeated id came with other content. */
export function fingerprint(text: string): number {
  return fnv1a(text, 0x811c9dc5) | 0
}

/** A whole number of ms between the two, ends included. A maximum below the minimum counts as the minimum. */
export function randomBetween(minMs: number, maxMs: number): number {
  return maxMs <= minMs ? minMs : minMs + Math.floor(Math.random() * (maxMs - minMs + 1))
}

function fnv1a(text: string, start: number): number {
  let hash = start
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return Math.imul(hash ^ 0xff, 0x01000193)
}
