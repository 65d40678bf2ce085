/** Sends photos and recordings of commands that the service has, whoever made them, two at a time. */

import { backoff } from './backoff'
import { ApiError, Unavailable, words } from './errors'
import { type Clock, readMeta, type Storage, type Uploader } from './ports'
import type { MediaRecord } from './records'
import type { Sealer } from './sealer'

const AT_ONCE = 2
const SHOWN_STEP = 0.02

/** `open`: its author's own session sends it as it is. `rank`: the lower goes first. */
interface Due extends MediaRecord {
  open: boolean
  rank: number[]
}

export class Courier {
  /** Share of the bytes sent, by the id of what is on its way. */
  readonly sending = new Map<string, number>()

  constructor(
    private readonly storage: Storage,
    private readonly uploader: Uploader,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
    private readonly metered: () => boolean,
    private readonly random: () => number,
    private readonly changed: () => Promise<void>,
  ) {}

  /**
   * Sends what is due, each once: the signed-in user's own as they are, others' sealed. Throws the
   * first error that concerns more than one photo.
   */
  async deliver(user: string, force: boolean): Promise<void> {
    const tried = new Set<string>()
    const errors: Error[] = []
    const work = async (): Promise<void> => {
      while (errors.length === 0) {
        // Asked anew each time: what was recorded meanwhile may go before the rest.
        const [next] = await this.due(user, force, tried)
        if (next === undefined || tried.has(next.id)) return
        tried.add(next.id)
        const error = await this.send(next)
        if (error !== null) errors.push(error)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    if (errors[0] !== undefined) throw errors[0]
  }

  /** Urgent ones, then those that show the oldest case best, then the smallest. */
  private async due(user: string, force: boolean, tried: Set<string>): Promise<Due[]> {
    const now = this.clock.now()
    return this.storage.run('read', ['outbox', 'media', 'meta'], async (t) => {
      const sparing = this.metered() && ((await readMeta(t, 'mobile_data')) ?? 'all') !== 'all'
      const photos = (await t.list('media')).filter(
        ({ id, sent, reason, next_try, anyway }) =>
          !sent &&
          reason === null &&
          !tried.has(id) &&
          (force || next_try <= now) &&
          (anyway || !sparing),
      )
      const owners = await t.getMany('outbox', [...new Set(photos.map(({ owner }) => owner))])
      const arrived = new Map(
        owners.flatMap((owner) =>
          owner?.state === 'accepted' || owner?.state === 'held' ? [[owner.id, owner]] : [],
        ),
      )
      const oldest = Math.min(...[...arrived.values()].map(({ created_at }) => created_at))
      return photos
        .flatMap((photo): Due[] => {
          const owner = arrived.get(photo.owner)
          if (owner === undefined) return []
          const open = owner.user === user && (photo.key !== null || photo.sealed === null)
          if (!open && photo.sealed === null) return []
          const shows = photo.first && owner.created_at === oldest
          return [{ ...photo, open, rank: [!owner.urgent, !shows, photo.size].map(Number) }]
        })
        .sort((one, other) => compare(one.rank, other.rank))
    })
  }

  /** Returns the error if there is no use in going on with other photos, else null. */
  private async send({ id, open }: Due): Promise<Error | null> {
    // Read together: a wipe in another tab may lock it between two looks.
    const [photo, blob] = await this.storage.run('read', ['media', 'blobs'], async (t) => [
      await t.get('media', id),
      await t.get('blobs', id),
    ])
    if (photo === undefined) return null
    const { kind, name, type, sha256, url } = photo
    const bytes = open ? await this.sealer.show(photo, blob) : blob?.bytes
    if (!bytes) {
      await this.update(id, () => ({ reason: gone }))
      return null
    }
    const sealed = open ? null : photo.sealed
    this.sending.set(id, 0)
    await this.changed()
    try {
      await this.uploader.upload(
        { id, kind, name, type, sha256, sealed, url, bytes },
        (located) => this.update(id, () => ({ url: located })),
        (share) => this.show(id, share),
      )
      await this.update(id, () => ({ sent: true, last_error: null }))
      return null
    } catch (error) {
      return await this.failed(id, error)
    } finally {
      this.sending.delete(id)
      await this.changed()
    }
  }

  private async failed(id: string, error: unknown): Promise<Error | null> {
    if (error instanceof ApiError && error.status === 401) return error
    if (error instanceof ApiError) {
      const { code, message, field } = error
      await this.update(id, () => ({ reason: { code, message, field } }))
      return null
    }
    if (!(error instanceof Unavailable)) throw error
    await this.update(id, ({ attempts }) => ({
      attempts: attempts + 1,
      next_try: this.clock.now() + (error.retry_after_ms ?? backoff(attempts + 1, this.random)),
      last_error: error.message,
    }))
    return error.message === words.broken ? null : error
  }

  private async update(
    id: string,
    change: (record: MediaRecord) => Partial<MediaRecord>,
  ): Promise<void> {
    await this.storage.run('write', ['media'], async (t) => {
      const record = await t.get('media', id)
      if (record !== undefined) await t.put('media', [{ ...record, ...change(record) }])
    })
  }

  private show(id: string, share: number): void {
    if (share - (this.sending.get(id) ?? 0) < SHOWN_STEP) return
    this.sending.set(id, share)
    void this.changed()
  }
}

function compare(one: number[], other: number[]): number {
  const at = one.findIndex((value, index) => value !== other[index])
  return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0)
}

const gone = { code: 'no_bytes', message: '照片已不在本机，无法发送', field: null }
