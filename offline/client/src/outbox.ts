/** What this device recorded. A submitted item is on disk, signed and never rewritten. */

import type { commands, wire } from '@xunge/types'
import { DeviceError } from './errors'
import { uuid7 } from './ids'
import { itemOf, type OutboxItem } from './items'
import { type NewMedia, own, prepare, removeDraft, removeMedia } from './media'
import { type Observable, Source } from './observable'
import {
  type Clock,
  type Keys,
  metaRecord,
  readMeta,
  type Storage,
  type Transaction,
} from './ports'
import type { MediaRecord, OutboxRecord } from './records'
import type { Session } from './session'

/** Payloads by command type (type_version 1). */
export interface Payloads {
  'case.report': commands.ReportCase
  'case.act': commands.ActOnCase
  'case.merge': commands.MergeCases
  'case.split': commands.SplitCase
  'case.hand_over': commands.HandOver
}

/** `draft` is the key of the draft that this ends. */
export interface SubmitOptions {
  after?: string[]
  bases?: Record<string, number>
  media?: NewMedia[]
  draft?: string
}

type Intent = Pick<wire.Command, 'type' | 'payload' | 'after' | 'bases' | 'corrects'>

const KEPT_MS = 30 * 86_400_000

export class Outbox {
  private readonly source = new Source<OutboxItem[]>([])

  /** `recorded` is called after each write, and sees to showing and sending it. */
  constructor(
    private readonly storage: Storage,
    private readonly session: Session,
    private readonly keys: Keys,
    private readonly clock: Clock,
    private readonly progress: (id: string) => number | null,
    private readonly recorded: () => Promise<void>,
  ) {}

  /** The signed-in user's items, newest first. */
  get items(): Observable<OutboxItem[]> {
    return this.source
  }

  newId(): string {
    return uuid7(this.clock.now(), this.keys.random(10))
  }

  /** What a MediaRef says of some bytes, under a new id. */
  async describe(blob: Blob): Promise<{ id: string; sha256: string; size: number }> {
    const bytes = new Uint8Array(await blob.arrayBuffer())
    return { id: this.newId(), sha256: await this.keys.sha256(bytes), size: bytes.length }
  }

  /** Records a command with its photos in one transaction and returns its id; needs no network. */
  async submit<T extends keyof Payloads>(
    type: T,
    payload: Payloads[T],
    { after = [], bases = {}, media = [], draft }: SubmitOptions = {},
  ): Promise<string> {
    const intent = { type, payload, after, bases, corrects: null }
    return this.record(intent, media, async (t) => {
      if (draft !== undefined) await removeDraft(t, draft)
    })
  }

  /** Records a new command in place of a refused one, with those of its photos not in `drop`. */
  async correct(
    refused: string,
    payload: Payloads[keyof Payloads],
    { media = [], drop = [] }: { media?: NewMedia[]; drop?: string[] } = {},
  ): Promise<string> {
    const old = await this.storage.run('read', ['outbox'], (t) => t.get('outbox', refused))
    if (old === undefined) throw new DeviceError('unknown_item', '找不到这条记录')
    const { type, after, bases } = JSON.parse(old.body) as wire.Command
    const intent = { type, payload, after, bases, corrects: refused }
    return this.record(intent, media, async (t, id) => {
      const current = await t.get('outbox', refused)
      if (current?.state !== 'refused' || current.replaced_by !== null)
        throw new DeviceError('not_refused', '这条记录不需要更正')
      await t.put('outbox', [{ ...current, replaced_by: id }])
      await removeMedia(t, drop)
      const kept = await t.list('media', 'owner', refused)
      await t.put(
        'media',
        kept.map((photo) => ({ ...photo, owner: id, reason: null })),
      )
    })
  }

  /** Tries an item again now, whatever it waits for; also one refused without a receipt, which the
   * service has not kept.
   */
  async retry(id: string): Promise<void> {
    await this.storage.run('write', ['outbox', 'media'], async (t) => {
      const record = await t.get('outbox', id)
      if (record === undefined) return
      const state = record.state === 'refused' && !record.receipt ? 'queued' : record.state
      await t.put('outbox', [{ ...record, state, next_try: 0 }])
      const photos = await t.list('media', 'owner', id)
      await t.put(
        'media',
        photos.map((photo) => ({ ...photo, next_try: 0, reason: null })),
      )
    })
    await this.recorded()
  }

  /** The bytes of a photo that is still here, or null. */
  async blob(media: string): Promise<Blob | null> {
    return this.storage.run('read', ['media', 'blobs'], async (t) => {
      const record = await t.get('media', media)
      const data = await t.get('blobs', media)
      return record && data ? new Blob([data.bytes], { type: record.type }) : null
    })
  }

  /** Reads the items again. */
  async refresh(): Promise<void> {
    const user = this.session.state.value.view?.user ?? ''
    const [records, photos] = await this.storage.run('read', ['outbox', 'media'], async (t) => [
      await t.list('outbox', 'user', user),
      await t.list('media'),
    ])
    const owned = new Map<string, MediaRecord[]>(records.map(({ id }) => [id, []]))
    for (const photo of photos) owned.get(photo.owner)?.push(photo)
    records.sort((one, other) => other.seq - one.seq)
    this.source.set(records.map((each) => itemOf(each, owned.get(each.id) ?? [], this.progress)))
  }

  /** Forgets what was wholly sent more than 30 days ago. */
  async prune(): Promise<void> {
    const before = this.clock.now() - KEPT_MS
    await this.storage.run('write', ['outbox', 'media'], async (t) => {
      const photos = await t.list('media')
      const waiting = new Set(photos.filter(({ sent }) => !sent).map(({ owner }) => owner))
      const old = (await t.list('outbox')).filter(
        ({ id, state, settled_at }) =>
          state === 'accepted' && (settled_at ?? Infinity) < before && !waiting.has(id),
      )
      const ids = new Set(old.map(({ id }) => id))
      await t.remove('outbox', [...ids])
      await t.remove(
        'media',
        photos.filter(({ owner }) => ids.has(owner)).map(({ id }) => id),
      )
    })
  }

  /** `also` writes what belongs to the same moment. */
  private async record(
    intent: Intent,
    media: NewMedia[],
    also: (t: Transaction, id: string) => Promise<void>,
  ): Promise<string> {
    const id = this.newId()
    const prepared = await prepare(media, this.keys)
    const occurred = this.clock.now()
    let stored = false
    while (!stored) {
      const record = await this.compose(id, occurred, intent)
      const stores = ['meta', 'outbox', 'media', 'blobs', 'drafts'] as const
      stored = await this.storage.run('write', [...stores], async (t) => {
        // Signing cannot be awaited inside: another tab may have taken the number meanwhile.
        if (((await readMeta(t, 'sequence')) ?? 0) + 1 !== record.seq) return false
        await t.put('meta', [metaRecord('sequence', record.seq)])
        await t.put('outbox', [record])
        await own(t, id, media, prepared)
        await also(t, id)
        return true
      })
    }
    await this.recorded()
    return id
  }

  private async compose(id: string, occurred: number, intent: Intent): Promise<OutboxRecord> {
    const { user, post } = this.session.require()
    const device = await this.session.device()
    const [sequence, offset] = await this.storage.run('read', ['meta'], async (t) => [
      (await readMeta(t, 'sequence')) ?? 0,
      (await readMeta(t, 'clock_offset_ms')) ?? null,
    ])
    const command: wire.Command = {
      id,
      device: device.id,
      device_seq: sequence + 1,
      user,
      post,
      type: intent.type,
      type_version: 1,
      occurred_at: new Date(occurred).toISOString(),
      clock_offset_ms: offset,
      origin: 'own',
      bases: intent.bases,
      after: intent.after,
      corrects: intent.corrects,
      payload: intent.payload,
    }
    const body = JSON.stringify(command)
    return {
      id,
      seq: command.device_seq,
      user,
      type: intent.type,
      body,
      signature: await this.keys.sign(device.key, body),
      digest: await this.keys.sha256(new TextEncoder().encode(body)),
      created_at: occurred,
      state: 'queued',
      receipt: null,
      reasons: [],
      attempts: 0,
      next_try: 0,
      last_error: null,
      replaced_by: null,
      settled_at: null,
    }
  }
}
