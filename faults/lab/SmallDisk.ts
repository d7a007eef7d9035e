import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRunHere } from './check.ts'
import type { Lab } from './Lab.ts'

const MIB = 1024 * 1024
const FILLER = 'filler'

/** A disk of a few megabytes (a tmpfs), that can be filled to the last byte and freed again. Needs root. */
export class SmallDisk {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  /** Mounts it in the lab's folder; it is unmounted with the lab. */
  static mount(lab: Lab, name: string, mib: number): SmallDisk {
    const directory = join(lab.directory, name)
    mkdirSync(directory)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0700`, 'tmpfs', directory], {
      encoding: 'utf8',
    })
    if (mounted.status !== 0)
      throw new CannotRunHere(`A small disk cannot be mounted here: ${mounted.stderr?.trim() || 'mount is missing'}.`)
    lab.atEnd(() => void spawnSync('umount', ['-l', directory]))
    return new SmallDisk(directory)
  }

  /** Takes all the space that is left, but `spareBytes`. */
  fill(spareBytes = 0): void {
    const file = openSync(join(this.directory, FILLER), 'w')
    const block = Buffer.alloc(MIB)
    try {
      for (let size = block.length; size >= 4096;) {
        try {
          writeSync(file, block, 0, size)
        } catch {
          size = Math.floor(size / 2)
        }
      }
    } finally {
      closeSync(file)
    }
    if (spareBytes > 0) this.#giveBack(spareBytes)
  }

  free(): void {
    rmSync(join(this.directory, FILLER), { force: true })
  }

  #giveBack(bytes: number): void {
    spawnSync('truncate', ['-s', `-${bytes}`, join(this.directory, FILLER)])
  }
}
