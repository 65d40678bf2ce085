/** The unsent items as one sealed file, and such a file taken in by any device (PROTOCOL 8). */

import { unzipSync } from 'fflate'
import { DeviceError } from './errors'
import type { Clock, Storage } from './ports'
import type { BlobRecord, MediaRecord, OutboxRecord } from './records'
import type { Session } from './session'
import { ZipFile } from './zip'

const MANIFEST = 'manifest.json'
const utf8 = new TextEncoder()
const text = new TextDecoder()

interface Manifest {
  version: number
  device: string
  made_at: string
  items: { id: string; seq: number; created_at: string }[]
  media: (Pick<MediaRecord, 'id' | 'kind' | 'name' | 'type' | 'sha256' | 'size'> & {
    item: string
  })[]
}

/** A file that was taken in: the commands in it, and how many of them this device had already. */
export interface Opened {
  made_at: string
  items: string[]
  known: number
}

export class Parcels {
  /** `recorded` is called after a file was taken in, and sees to showing and sending it. */
  constructor(
    private readonly storage: Storage,
    private readonly session: Session,
    private readonly clock: Clock,
    private readonly recorded: () => Promise<void>,
  ) {}

  /** All that has not wholly arrived, with its photos. Throws DeviceError `nothing_unsent`. */
  async pack(): Promise<Blob> {
    const [records, photos] = await this.storage.run('read', ['outbox', 'media'], async (t) => [
      await t.list('outbox'),
      await t.list('media'),
    ])
    const media = photos.filter(({ sent, sealed }) => !sent && sealed !== null)
    const owners = new Set(media.map(({ owner }) => owner))
    const items = records.filter(
      ({ id, sealed, state }) => sealed !== null && (state === 'queued' || owners.has(id)),
    )
    if (items.length === 0) throw new DeviceError('nothing_unsent', '没有未发送的内容')
    items.sort((one, other) => one.seq - other.seq)
    const ids = new Set(items.map(({ id }) => id))
    const theirs = media.filter(({ owner }) => ids.has(owner))
    const manifest: Manifest = {
      version: 1,
      device: (await this.session.device()).id,
      made_at: new Date(this.clock.now()).toISOString(),
      items: items.map(({ id, seq, created_at }) => ({
        id,
        seq,
        created_at: new Date(created_at).toISOString(),
      })),
      media: theirs.map(({ id, owner, kind, name, type, sha256, size }) => {
        return { id, item: owner, kind, name, type, sha256, size }
      }),
    }
    const file = new ZipFile()
    file.add(MANIFEST, utf8.encode(JSON.stringify(manifest)))
    for (const { id, sealed } of items) file.add(`items/${id}`, utf8.encode(sealed ?? ''))
    for (const { id, sealed } of theirs) {
      const blob = await this.storage.run('read', ['blobs'], (t) => t.get('blobs', id))
      if (blob === undefined) continue
      file.add(`media/${id}`, blob.bytes)
      file.add(`media/${id}.key`, utf8.encode(sealed ?? ''))
    }
    return file.end()
  }

  /** Takes in what this device has not yet, to be sent as if recorded here. Throws DeviceError
   * `bad_parcel` and `storage_full`.
   */
  async open(file: Blob): Promise<Opened> {
    const { manifest, entries } = read(new Uint8Array(await file.arrayBuffer()))
    const records = manifest.items.map(({ id, seq, created_at }): OutboxRecord => ({
      id,
      seq,
      user: '',
      type: '',
      body: null,
      signature: null,
      sealed: textOf(entries, `items/${id}`),
      digest: null,
      after: [],
      corrects: null,
      entities: [],
      urgent: false,
      epoch: null,
      origin: manifest.device,
      created_at: Date.parse(created_at),
      state: 'queued',
      receipt: null,
      reasons: [],
      attempts: 0,
      next_try: 0,
      last_error: null,
      replaced_by: null,
      settled_at: null,
    }))
    const photos = manifest.media.filter(({ id }) => entries[`media/${id}`] !== undefined)
    const media = photos.map(({ item, id, kind, name, type, sha256, size }): MediaRecord => ({
      ...{ id, owner: item, kind, name, type, sha256, size },
      key: null,
      sealed: textOf(entries, `media/${id}.key`),
      first: false,
      anyway: false,
      freed: false,
      url: null,
      sent: false,
      attempts: 0,
      next_try: 0,
      last_error: null,
      reason: null,
    }))
    const blobs = media.map(({ id }): BlobRecord => {
      return { id, bytes: Uint8Array.from(entries[`media/${id}`] ?? []) }
    })
    const known = await this.storage.run('write', ['outbox', 'media', 'blobs'], async (t) => {
      const ids = records.map(({ id }) => id)
      const here = new Set((await t.getMany('outbox', ids)).flatMap((each) => each?.id ?? []))
      const fresh = media.filter(({ owner }) => !here.has(owner))
      const bytes = new Set(fresh.map(({ id }) => id))
      await t.put(
        'outbox',
        records.filter(({ id }) => !here.has(id)),
      )
      await t.put('media', fresh)
      await t.put(
        'blobs',
        blobs.filter(({ id }) => bytes.has(id)),
      )
      return here.size
    })
    await this.recorded()
    return { made_at: manifest.made_at, items: records.map(({ id }) => id), known }
  }
}

function read(bytes: Uint8Array): { manifest: Manifest; entries: Record<string, Uint8Array> } {
  try {
    const entries = unzipSync(bytes)
    const manifest = JSON.parse(text.decode(entries[MANIFEST])) as Manifest
    if (manifest.version === 1 && Array.isArray(manifest.items) && Array.isArray(manifest.media))
      return { manifest, entries }
  } catch {
    // Said below, in words.
  }
  throw damaged()
}

function textOf(entries: Record<string, Uint8Array>, name: string): string {
  const entry = entries[name]
  if (entry === undefined) throw damaged()
  return text.decode(entry)
}

function damaged(): DeviceError {
  return new DeviceError('bad_parcel', '这不是巡格的密封文件，或者文件不完整')
}
