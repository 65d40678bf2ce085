/** How much room the device has left, and giving up what need not be here when there is little. */

import { DeviceError, words } from './errors'
import { type Observable, Source } from './observable'
import type { Clock, Disk, Storage } from './ports'

const LOW = 0.8
const FULL = 0.95
const A_PHOTO_BYTES = 600_000
/** A browser's estimate lags behind what was removed. */
const SETTLES_MS = 60_000

/** `photos`: how many more fit before none are taken in. `freed`: the last time sent ones were given up. */
export interface RoomView {
  level: 'ample' | 'low' | 'full'
  photos: number | null
  freed: { photos: number; bytes: number; at: number } | null
}

export class Room {
  private readonly source = new Source<RoomView>({ level: 'ample', photos: null, freed: null })
  private asked = false

  constructor(
    private readonly storage: Storage,
    private readonly disk: Disk,
    private readonly clock: Clock,
  ) {}

  get state(): Observable<RoomView> {
    return this.source
  }

  /** There is something to lose now: asks once that it be kept, and looks at what room is left. */
  async keep(): Promise<void> {
    if (!this.asked) {
      this.asked = true
      await this.disk.persist()
    }
    await this.look()
  }

  /** Looks how full it is, and frees what it can when that is much. */
  async look(): Promise<void> {
    const estimate = await this.disk.estimate()
    if (estimate === null || estimate.quota === 0) return
    let { usage } = estimate
    const { quota } = estimate
    const { freed } = this.source.value
    const settled = freed === null || this.clock.now() - freed.at > SETTLES_MS
    if (usage > LOW * quota && settled) usage -= await this.free(usage - LOW * quota)
    const share = usage / quota
    this.source.set({
      level: share >= FULL ? 'full' : share >= LOW ? 'low' : 'ample',
      photos: Math.max(0, Math.floor((FULL * quota - usage) / A_PHOTO_BYTES)),
      freed: this.source.value.freed,
    })
  }

  /** Throws DeviceError `storage_full` when no more photos should be taken in. */
  async admit(): Promise<void> {
    await this.look()
    if (this.source.value.level === 'full') throw new DeviceError('storage_full', words.no_room)
  }

  /** Does a write, and if there is no room for it does it again after freeing what can be. */
  async making<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write()
    } catch (error) {
      if (!isFull(error)) throw error
      if ((await this.free(Infinity)) === 0) throw error
      return write()
    }
  }

  /** Does a write that can wait for another day, and leaves it when there is no room. */
  async spared(write: () => Promise<void>): Promise<void> {
    try {
      await this.making(write)
    } catch (error) {
      if (!isFull(error)) throw error
    }
  }

  /** Gives up bytes of sent photos, oldest first, until `wanted` are free; returns how many are. */
  private async free(wanted: number): Promise<number> {
    const [bytes, photos] = await this.storage.run(
      'write',
      ['outbox', 'media', 'blobs'],
      async (t) => {
        const settled = new Map(
          (await t.list('outbox'))
            .filter(({ state }) => state === 'accepted')
            .map(({ id, settled_at }) => [id, settled_at ?? 0]),
        )
        const sent = (await t.list('media'))
          .filter((photo) => photo.sent && !photo.freed && settled.has(photo.owner))
          .sort((one, other) => (settled.get(one.owner) ?? 0) - (settled.get(other.owner) ?? 0))
        let bytes = 0
        const gone = sent.filter(({ size }) => bytes < wanted && (bytes += size) > 0)
        await t.put(
          'media',
          gone.map((photo) => ({ ...photo, freed: true })),
        )
        await t.remove(
          'blobs',
          gone.map(({ id }) => id),
        )
        return [bytes, gone.length]
      },
    )
    if (photos > 0)
      this.source.set({ ...this.source.value, freed: { photos, bytes, at: this.clock.now() } })
    return bytes
  }
}

export function isFull(error: unknown): boolean {
  return error instanceof DeviceError && error.code === 'storage_full'
}
