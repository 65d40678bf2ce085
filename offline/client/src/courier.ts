/** Sends photos and recordings of commands that the service has, two at a time. */

import { backoff } from './backoff'
import { ApiError, Unavailable, words } from './errors'
import type { Clock, Storage, Uploader } from './ports'
import type { MediaRecord } from './records'

const AT_ONCE = 2
const SHOWN_STEP = 0.02

export class Courier {
  /** Share of the bytes sent, by the id of what is on its way. */
  readonly sending = new Map<string, number>()

  constructor(
    private readonly storage: Storage,
    private readonly uploader: Uploader,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly changed: () => Promise<void>,
  ) {}

  /** Sends what is due, each once. Throws the first error that concerns more than one photo. */
  async deliver(user: string, force: boolean): Promise<void> {
    const due = await this.due(user, force)
    const errors: Error[] = []
    const work = async (): Promise<void> => {
      while (errors.length === 0) {
        const next = due.shift()
        if (next === undefined) return
        const error = await this.send(next)
        if (error !== null) errors.push(error)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    if (errors[0] !== undefined) throw errors[0]
  }

  private async due(user: string, force: boolean): Promise<MediaRecord[]> {
    const now = this.clock.now()
    const [commands, photos] = await this.storage.run('read', ['outbox', 'media'], async (t) => [
      await t.list('outbox', 'user', user),
      await t.list('media'),
    ])
    const arrived = commands.filter(({ state }) => state === 'accepted' || state === 'held')
    const order = new Map(arrived.map(({ id, seq }) => [id, seq]))
    return photos
      .filter(({ owner, sent, reason }) => order.has(owner) && !sent && reason === null)
      .filter(({ next_try }) => force || next_try <= now)
      .sort((one, other) => (order.get(one.owner) ?? 0) - (order.get(other.owner) ?? 0))
  }

  /** Returns the error if there is no use in going on with other photos, else null. */
  private async send(photo: MediaRecord): Promise<Error | null> {
    const { id, kind, name, type, sha256, url } = photo
    const blob = await this.storage.run('read', ['blobs'], (t) => t.get('blobs', id))
    if (blob === undefined) {
      await this.update(id, () => ({ reason: gone }))
      return null
    }
    this.sending.set(id, 0)
    await this.changed()
    try {
      await this.uploader.upload(
        { id, kind, name, type, sha256, url, bytes: blob.bytes },
        (located) => this.update(id, () => ({ url: located })),
        (share) => this.show(id, share),
      )
      await this.update(id, () => ({ sent: true, last_error: null }), true)
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
    arrived = false,
  ): Promise<void> {
    await this.storage.run('write', ['media', 'blobs'], async (t) => {
      const record = await t.get('media', id)
      if (record !== undefined) await t.put('media', [{ ...record, ...change(record) }])
      if (arrived) await t.remove('blobs', [id])
    })
  }

  private show(id: string, share: number): void {
    if (share - (this.sending.get(id) ?? 0) < SHOWN_STEP) return
    this.sending.set(id, share)
    void this.changed()
  }
}

const gone = { code: 'no_bytes', message: '照片已不在本机，无法发送', field: null }
