/** Unfinished forms, saved as they are typed and found again after a kill. */

import { draftOwner, type NewMedia, own, prepare, removeDraft, removeMedia } from './media'
import type { Clock, Keys, Storage } from './ports'
import type { DraftRecord } from './records'
import type { Session } from './session'
import { single } from './single'

const PAUSE_MS = 200

/** `media` in the order it was given; `blobs` by media id. */
export interface Draft {
  key: string
  value: unknown
  media: string[]
  blobs: Map<string, Blob>
  saved_at: number
}

export class Drafts {
  private readonly pending = new Map<string, { value: unknown; media: NewMedia[] }>()
  private stop: (() => void) | null = null
  readonly flush = single(() => this.write())

  constructor(
    private readonly storage: Storage,
    private readonly session: Session,
    private readonly keys: Keys,
    private readonly clock: Clock,
  ) {}

  /** Saves soon: call it at every keystroke. */
  save(key: string, value: unknown, media: NewMedia[] = []): void {
    this.pending.set(key, { value, media })
    this.stop ??= this.clock.after(PAUSE_MS, () => void this.flush())
  }

  async load(key: string): Promise<Draft | null> {
    await this.flush()
    const user = this.session.require().user
    return this.storage.run('read', ['drafts', 'media', 'blobs'], async (t) => {
      const draft = await t.get('drafts', key)
      if (draft?.user !== user) return null
      const records = await t.getMany('media', draft.media)
      const bytes = await t.getMany('blobs', draft.media)
      const blobs = new Map(
        draft.media.flatMap((id, index) => {
          const data = bytes[index]
          return data ? [[id, new Blob([data.bytes], { type: records[index]?.type ?? '' })]] : []
        }),
      )
      return { key, value: draft.value, media: draft.media, blobs, saved_at: draft.saved_at }
    })
  }

  /** The signed-in user's drafts without their photos, newest first. */
  async list(): Promise<DraftRecord[]> {
    const user = this.session.require().user
    const mine = await this.storage.run('read', ['drafts'], (t) => t.list('drafts', 'user', user))
    return mine.sort((one, other) => other.saved_at - one.saved_at)
  }

  async discard(key: string): Promise<void> {
    this.pending.delete(key)
    await this.flush()
    await this.storage.run('write', ['drafts', 'media', 'blobs'], (t) => removeDraft(t, key))
  }

  private async write(): Promise<void> {
    this.stop?.()
    this.stop = null
    for (const [key, { value, media }] of [...this.pending]) {
      this.pending.delete(key)
      await this.put(key, value, media)
    }
  }

  private async put(key: string, value: unknown, media: NewMedia[]): Promise<void> {
    const user = this.session.require().user
    const ids = media.map(({ id }) => id)
    const held = await this.storage.run('read', ['media'], (t) => t.getMany('media', ids))
    const prepared = await prepare(
      media.filter((_, index) => held[index] === undefined),
      this.keys,
    )
    await this.storage.run('write', ['drafts', 'media', 'blobs'], async (t) => {
      const now = await t.getMany('media', ids)
      // Submitted meanwhile, perhaps in another tab: the outbox holds it all.
      if (now.some((record) => record && record.owner !== draftOwner(key))) return
      await own(t, draftOwner(key), media, prepared)
      const owned = await t.list('media', 'owner', draftOwner(key))
      await removeMedia(
        t,
        owned.map(({ id }) => id).filter((id) => !ids.includes(id)),
      )
      await t.put('drafts', [{ key, user, value, media: ids, saved_at: this.clock.now() }])
    })
  }
}
