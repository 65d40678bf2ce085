/** Unfinished forms, saved as they are typed and found again after a kill. */

import {
  draftOwner,
  type NewMedia,
  own,
  prepare,
  type Prepared,
  removeDraft,
  removeMedia,
} from './media'
import type { Clock, Keys, Storage } from './ports'
import type { DraftRecord } from './records'
import { isFull, type Room } from './room'
import type { Sealer } from './sealer'
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
    private readonly sealer: Sealer,
    private readonly room: Room,
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
    const stores = ['drafts', 'media', 'blobs'] as const
    const kept = await this.storage.run('read', [...stores], async (t) => {
      const draft = await t.get('drafts', key)
      if (draft?.user !== user) return null
      const records = await t.getMany('media', draft.media)
      return { draft, records, hidden: await t.getMany('blobs', draft.media) }
    })
    if (kept === null) return null
    const { draft, records, hidden } = kept
    const blobs = new Map<string, Blob>()
    for (const [index, id] of draft.media.entries()) {
      const bytes = await this.sealer.show(records[index], hidden[index])
      if (bytes) blobs.set(id, new Blob([bytes], { type: records[index]?.type ?? '' }))
    }
    return { key, value: draft.value, media: draft.media, blobs, saved_at: draft.saved_at }
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
    const fresh = media.filter((_, index) => held[index] === undefined)
    const prepared = await prepare(fresh, user, this.keys, this.sealer)
    try {
      await this.room.making(() => this.keep({ key, user, value, media: ids }, media, prepared))
    } catch (error) {
      if (!isFull(error)) throw error
      // No room for the photos: what was written is kept at least.
      const old = media.filter(({ id }) => !fresh.some((each) => each.id === id))
      await this.keep({ key, user, value, media: old.map(({ id }) => id) }, old, [])
    }
  }

  private async keep(
    draft: Omit<DraftRecord, 'saved_at'>,
    media: NewMedia[],
    prepared: Prepared[],
  ): Promise<void> {
    const owner = draftOwner(draft.key)
    await this.storage.run('write', ['drafts', 'media', 'blobs'], async (t) => {
      const now = await t.getMany('media', draft.media)
      // Submitted meanwhile, perhaps in another tab: the outbox holds it all.
      if (now.some((record) => record && record.owner !== owner)) return
      await own(t, owner, media, prepared)
      const owned = await t.list('media', 'owner', owner)
      await removeMedia(
        t,
        owned.map(({ id }) => id).filter((id) => !draft.media.includes(id)),
      )
      await t.put('drafts', [{ ...draft, saved_at: this.clock.now() }])
    })
  }
}
