/** A note outside the store, by which the device sees that its store was cleared. */

import { type Observable, Source } from './observable'
import { type Marker, metaRecord, readMeta, type Storage } from './ports'

/** An own record that waits, by the device's time at which it was made. */
export interface Unsent {
  at: number
}

/** What was here: the device, its last number, and what had not been sent yet. */
interface Note {
  device: string
  sequence: number
  unsent: Unsent[]
  lost: Loss | null
}

/** Times are the device's milliseconds. `unsent` are own records that are nowhere any more. */
export interface Loss {
  noticed_at: number
  unsent: Unsent[]
}

/** A browser's note is small: the newest unsent records are named, the rest only counted by them. */
const NAMED = 200

export class Evictions {
  private readonly source = new Source<Loss | null>(null)

  constructor(
    private readonly storage: Storage,
    private readonly marker: Marker,
    private readonly now: () => number,
  ) {}

  /** What the browser cleared, until the user has seen it. */
  get loss(): Observable<Loss | null> {
    return this.source
  }

  /**
   * Compares the store with the note. A store that is gone, or that is older than the note (numbers
   * beyond its own were given out), never goes on under the old id.
   */
  async look(): Promise<void> {
    const note = this.read()
    if (note === null) return
    const behind = await this.storage.run('write', ['meta'], async (t) => {
      const device = await readMeta(t, 'device')
      const sequence = (await readMeta(t, 'sequence')) ?? 0
      if (device !== undefined && device.id !== note.device) return false
      if (device !== undefined && sequence >= note.sequence) return false
      if (device === undefined && note.sequence === 0) return false
      await t.remove('meta', ['device'])
      // The session was the old device's: what is recorded from now on needs one of its own.
      const session = await readMeta(t, 'session')
      if (session) await t.put('meta', [metaRecord('session', { ...session, expired: true })])
      return true
    })
    if (!behind) {
      this.source.set(note.lost)
      return
    }
    const unsent = [...(note.lost?.unsent ?? []), ...note.unsent]
    const lost = { noticed_at: this.now(), unsent }
    this.write({ device: '', sequence: 0, unsent: [], lost })
    this.source.set(lost)
  }

  /** Notes what is here now. */
  async note(unsent: Unsent[]): Promise<void> {
    const [device, sequence] = await this.storage.run('read', ['meta'], async (t) => [
      await readMeta(t, 'device'),
      (await readMeta(t, 'sequence')) ?? 0,
    ])
    if (device === undefined) return
    this.write({
      device: device.id,
      sequence,
      unsent: unsent.slice(-NAMED),
      lost: this.source.value,
    })
  }

  /** The user has read it. */
  dismiss(): void {
    this.source.set(null)
    const note = this.read()
    if (note !== null) this.write({ ...note, lost: null })
  }

  private read(): Note | null {
    try {
      return JSON.parse(this.marker.read() ?? 'null') as Note | null
    } catch {
      return null
    }
  }

  private write(note: Note): void {
    this.marker.write(JSON.stringify(note))
  }
}
