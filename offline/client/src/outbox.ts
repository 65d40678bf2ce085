/** What this device recorded. A submitted item is on disk, signed and never rewritten. */

import type { commands, wire } from '@xunge/types'
import { entitiesOf, isUrgent, predecessors } from './chain'
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
import type { MediaRecord, MobileData, OutboxRecord } from './records'
import type { Room } from './room'
import type { Sealer } from './sealer'
import type { Session } from './session'

/** Payloads by command type (type_version 1). */
export interface Payloads {
  'case.report': commands.ReportCase
  'case.act': commands.ActOnCase
  'case.merge': commands.MergeCases
  'case.split': commands.SplitCase
  'case.hand_over': commands.HandOver
  'person.record': commands.RecordPerson
  'person.edit': commands.EditPerson
  'room.record': commands.RecordRoom
  'room.edit': commands.EditRoom
  'dispute.settle': commands.SettleDispute
  'command.decide': commands.DecideCommand
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
const MAX_AFTER = 100

export class Outbox {
  private readonly mine = new Source<OutboxItem[]>([])
  private readonly others = new Source<OutboxItem[]>([])
  private readonly mobile = new Source<MobileData>('all')

  /** `recorded` is called after each write, and sees to showing and sending it. */
  constructor(
    private readonly storage: Storage,
    private readonly session: Session,
    private readonly keys: Keys,
    private readonly sealer: Sealer,
    private readonly room: Room,
    private readonly clock: Clock,
    private readonly metered: () => boolean,
    private readonly progress: (id: string) => number | null,
    private readonly recorded: () => Promise<void>,
  ) {}

  /** The signed-in user's items, newest first. */
  get items(): Observable<OutboxItem[]> {
    return this.mine
  }

  /** What others recorded here, or a file brought, and what a wipe has locked; newest first. */
  get locked(): Observable<OutboxItem[]> {
    return this.others
  }

  /** What may go over mobile data from this device. */
  get mobileData(): Observable<MobileData> {
    return this.mobile
  }

  async allowMobileData(what: MobileData): Promise<void> {
    await this.storage.run('write', ['meta'], (t) =>
      t.put('meta', [metaRecord('mobile_data', what)]),
    )
    await this.recorded()
  }

  newId(): string {
    return uuid7(this.clock.now(), this.keys.random(10))
  }

  /** What a MediaRef says of some bytes, under a new id. Throws DeviceError `storage_full`. */
  async describe(blob: Blob): Promise<{ id: string; sha256: string; size: number }> {
    await this.room.admit()
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
    if (!old?.body) throw new DeviceError('unknown_item', '找不到这条记录')
    const { type, after, bases } = JSON.parse(old.body) as wire.Command
    const intent = { type, payload, after, bases, corrects: refused }
    return this.record(intent, media, async (t, id) => {
      const current = await t.get('outbox', refused)
      if (current?.state !== 'refused' || current.replaced_by !== null)
        throw new DeviceError('not_refused', '这条记录不需要更正')
      await t.put('outbox', [{ ...current, replaced_by: id }])
      // Its photos may have been taken in the life that answered the old one.
      const fresh = await t.get('outbox', id)
      if (fresh) await t.put('outbox', [{ ...fresh, epoch: current.epoch }])
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

  /** Sends photos now though the network is a mobile one: an item's, or all that wait. */
  async sendAnyway(id?: string): Promise<void> {
    await this.storage.run('write', ['media'], async (t) => {
      const photos = id === undefined ? await t.list('media') : await t.list('media', 'owner', id)
      const waiting = photos.filter(({ sent }) => !sent)
      await t.put(
        'media',
        waiting.map((photo) => ({ ...photo, anyway: true, next_try: 0 })),
      )
    })
    await this.recorded()
  }

  /** The bytes of a photo that is still here and can be read, or null. */
  async blob(media: string): Promise<Blob | null> {
    const [record, data] = await this.storage.run('read', ['media', 'blobs'], async (t) => [
      await t.get('media', media),
      await t.get('blobs', media),
    ])
    const bytes = await this.sealer.show(record, data)
    return bytes && new Blob([bytes], { type: record?.type ?? '' })
  }

  /** Reads the items again. */
  async refresh(): Promise<void> {
    const user = this.session.state.value.view?.user
    const stores = ['outbox', 'media', 'meta'] as const
    const [records, photos, mobile] = await this.storage.run('read', [...stores], async (t) => [
      await t.list('outbox'),
      await t.list('media'),
      (await readMeta(t, 'mobile_data')) ?? 'all',
    ])
    const owned = new Map<string, MediaRecord[]>(records.map(({ id }) => [id, []]))
    for (const photo of photos) owned.get(photo.owner)?.push(photo)
    const sparing = mobile !== 'all' && this.metered()
    records.sort((one, other) => other.created_at - one.created_at || other.seq - one.seq)
    const show = (own: boolean): OutboxItem[] =>
      records
        .filter((each) => own === (each.user === user && each.body !== null))
        .map((each) => itemOf(each, owned.get(each.id) ?? [], sparing, this.progress))
    this.mobile.set(mobile)
    this.others.set(show(false))
    this.mine.set(show(true))
  }

  /**
   * The service lives in `epoch`. What an earlier life accepted in the last 30 days may have been
   * lost with it: it is to be pushed again. Returns how many items that is.
   */
  async recheck(epoch: string): Promise<number> {
    const since = this.clock.now() - KEPT_MS
    return this.storage.run('write', ['outbox'], async (t) => {
      const doubtful = (await t.list('outbox')).filter(
        (record) =>
          record.state === 'accepted' &&
          record.epoch !== epoch &&
          (record.settled_at ?? 0) > since &&
          (record.body ?? record.sealed) !== null,
      )
      await t.put(
        'outbox',
        doubtful.map((record) => ({ ...record, state: 'queued', attempts: 0, next_try: 0 })),
      )
      return doubtful.length
    })
  }

  /** Forgets what was wholly sent more than 30 days ago, and what was refused and replaced by it. */
  async prune(): Promise<void> {
    const before = this.clock.now() - KEPT_MS
    await this.storage.run('write', ['outbox', 'media', 'blobs'], async (t) => {
      const [records, photos] = [await t.list('outbox'), await t.list('media')]
      const waiting = new Set(photos.filter(({ sent }) => !sent).map(({ owner }) => owner))
      const here = new Set(records.map(({ id }) => id))
      const old = records.filter(({ id, state, settled_at, replaced_by }) =>
        replaced_by === null
          ? state === 'accepted' && (settled_at ?? Infinity) < before && !waiting.has(id)
          : !here.has(replaced_by),
      )
      const ids = new Set(old.map(({ id }) => id))
      await t.remove('outbox', [...ids])
      await removeMedia(
        t,
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
    const { user } = this.session.require()
    const prepared = await prepare(media, user, this.keys, this.sealer)
    const occurred = this.clock.now()
    let stored = false
    while (!stored) {
      const record = await this.compose(id, occurred, intent)
      const stores = ['meta', 'outbox', 'media', 'blobs', 'drafts'] as const
      const store = (): Promise<boolean> =>
        this.storage.run('write', [...stores], async (t) => {
          // Signing cannot be awaited inside: another tab may have taken the number meanwhile.
          if (((await readMeta(t, 'sequence')) ?? 0) + 1 !== record.seq) return false
          await t.put('meta', [metaRecord('sequence', record.seq)])
          await t.put('outbox', [record])
          await own(t, id, media, prepared)
          await also(t, id)
          return true
        })
      stored = await this.room.making(store)
    }
    await this.recorded()
    void this.room.keep()
    return id
  }

  private async compose(id: string, occurred: number, intent: Intent): Promise<OutboxRecord> {
    const { user, post } = this.session.require()
    const device = await this.session.device()
    const entities = entitiesOf(intent)
    const [sequence, sample, records] = await this.storage.run(
      'read',
      ['meta', 'outbox'],
      async (t) => [
        (await readMeta(t, 'sequence')) ?? 0,
        await readMeta(t, 'clock'),
        await t.list('outbox', 'user', user),
      ],
    )
    // A correction stands where the refused one stood: what was recorded since comes after it.
    const before = intent.corrects === null ? predecessors(records, entities) : []
    const after = [...new Set([...intent.after, ...before])]
    const command: wire.Command = {
      id,
      device: device.id,
      device_seq: sequence + 1,
      user,
      post,
      type: intent.type,
      type_version: 1,
      occurred_at: new Date(occurred).toISOString(),
      clock_offset_ms: sample?.offset_ms ?? null,
      origin: 'own',
      bases: intent.bases,
      after: after.slice(0, MAX_AFTER),
      corrects: intent.corrects,
      payload: intent.payload,
    }
    const body = JSON.stringify(command)
    const signature = await this.keys.sign(device.key, body)
    return {
      id,
      seq: command.device_seq,
      user,
      type: intent.type,
      body,
      signature,
      sealed: await this.sealer.item(body, signature),
      after: command.after,
      corrects: intent.corrects,
      entities,
      urgent: isUrgent(intent),
      epoch: null,
      origin: null,
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
