import { archiveBombs } from './archiveBombs.ts'
import { cutUploads } from './cutUploads.ts'
import { exportFormulas } from './exportFormulas.ts'
import { fileEncodings } from './fileEncodings.ts'
import { fileShapes } from './fileShapes.ts'
import { expansionBombs, hostileNames } from './hostileTemplates.ts'
import type { FaultCase } from './index.ts'
import { millionRows } from './millionRows.ts'
import { oddNames } from './oddNames.ts'
import { samePeople } from './samePeople.ts'
import { slowPatterns } from './slowPatterns.ts'
import { slowReader } from './slowReader.ts'

/** What people and spreadsheets make of a list of contacts, and what attackers make of it. */
export const IMPORT_CASES: Record<string, FaultCase> = {
  I01: {
    about: 'a million rows, one in a hundred useless: the rest arrives, each useless row is told, nobody else waits',
    run: millionRows,
  },
  I02: { about: 'every encoding and none: the right text or a clear refusal, never garbage', run: fileEncodings },
  I03: { about: 'files of every shape: read as meant or refused with the line, in bounded memory', run: fileShapes },
  I04: {
    about: 'the same people in every spelling, in five files read by several processes: each is one contact',
    run: samePeople,
  },
  I06: { about: 'names of every script: kept byte for byte, cut between characters only', run: oddNames },
  I07: {
    about: 'columns called __proto__ and values that are templates: literal or empty, within 5 ms',
    run: hostileNames,
  },
  I09: { about: 'texts of 4 KB that would grow to megabytes: refused, within 5 ms', run: expansionBombs },
  I10: { about: 'what makes careless patterns go back and forth: 64 KiB of it in 5 ms', run: slowPatterns },
  I11: { about: 'uploads cut off half-way: no row, no file, no handle of them stays', run: cutUploads },
  I12: {
    about: 'archives that unpack to gigabytes or lie about it: refused by what really comes out, in bounded memory',
    run: archiveBombs,
  },
  I13: {
    about: 'names that are formulas: never one in a download, and the same again when imported',
    run: exportFormulas,
  },
  I15: {
    about: 'a huge report read at 10 KB/s, then abandoned: no memory, and nothing read for nobody',
    run: slowReader,
  },
}
