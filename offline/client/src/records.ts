/** What the device keeps. Changing a shape means a new store version and a fixture of the old one. */

import type { directory, wire } from '@xunge/types'

/**
 * A command as it will be pushed, and what became of it. Times are the device's milliseconds.
 *
 * `sealed` is its Item for the service alone (PROTOCOL 8, base64), null while no seal key is known.
 * A locked one has lost what can be read, `type`, `body` and `signature`. `entities` are what it
 * speaks of, so that it never overtakes another about the same. `epoch` is the life of the service
 * that last confirmed it. `origin` is the device whose file brought it here; such a one has no digest.
 */
export interface OutboxRecord {
  id: string
  seq: number
  user: string
  type: string
  body: string | null
  signature: string | null
  sealed: string | null
  digest: string | null
  after: string[]
  corrects: string | null
  entities: string[]
  urgent: boolean
  epoch: string | null
  origin: string | null
  created_at: number
  state: 'queued' | 'accepted' | 'held' | 'refused'
  receipt: wire.Receipt | null
  reasons: wire.Reason[]
  attempts: number
  next_try: number
  last_error: string | null
  replaced_by: string | null
  settled_at: number | null
}

/**
 * `owner` is a command's id, or `draft:` and the draft's key. `url` is where the upload goes on.
 *
 * The bytes are kept encrypted under `key` (base64), which `sealed` holds for the service alone.
 * Locked, it has lost `key`; with neither, it is from before store version 2 and its bytes are plain.
 * `first` photos show what happened and go before others. `anyway`: also over mobile data. `freed`:
 * sent, and its bytes given up for room.
 */
export interface MediaRecord {
  id: string
  owner: string
  kind: 'photo' | 'audio' | 'file'
  name: string
  type: string
  sha256: string
  size: number
  key: string | null
  sealed: string | null
  first: boolean
  anyway: boolean
  freed: boolean
  url: string | null
  sent: boolean
  attempts: number
  next_try: number
  last_error: string | null
  reason: wire.Reason | null
}

/** Bytes apart from their record, so that progress does not rewrite a photo. */
export interface BlobRecord {
  id: string
  bytes: Uint8Array<ArrayBuffer>
}

export interface DraftRecord {
  key: string
  user: string
  value: unknown
  media: string[]
  saved_at: number
}

/** One piece of the replica's log, encrypted. `key` is its number in twelve digits. */
export interface BlockRecord {
  key: string
  bytes: Uint8Array<ArrayBuffer>
}

/** The device as it is registered; `key` signs and cannot be read out. */
export interface DeviceIdentity {
  id: string
  public_key: string
  key: unknown
}

/** `leaving`: signed out here, but the server has not heard of it yet. */
export interface StoredSession {
  view: directory.SessionView | null
  expired: boolean
  leaving: boolean
}

/** Server minus device, by an answer that took `trip_ms` and came `at`. */
export interface ClockSample {
  offset_ms: number
  trip_ms: number
  at: number
}

/** What may go over mobile data: everything, all but photos, or photos when the user says so. */
export type MobileData = 'all' | 'text' | 'ask'

/**
 * Where the last whole pull ended, and when the checksums were last compared (0: to be done). A cursor
 * that the service does not know is given up, but not the epoch: by it the service knows a restore.
 */
export interface SyncPoint {
  cursor: string | null
  epoch: string
  buckets: string[]
  at: number
  checked_at: number
}

/**
 * How the data key is kept. `wrapped` is encrypted under what follows from `device`, a key that
 * cannot be read out, and the PIN where there is one; null: there is no data key. `salt` is null
 * without a PIN. `failures` counts wrong PINs since the last right one. `shared`: the service has a
 * copy.
 */
export interface StoredLock {
  id: string
  device: unknown
  wrapped: Uint8Array<ArrayBuffer> | null
  salt: Uint8Array<ArrayBuffer> | null
  rounds: number
  failures: number
  shared: boolean
}

/**
 * The replica's log: blocks `base` to `next` - 1, each in `blocks` or `reference`. After block `whole`
 * it was as the service had it. `life` changes whenever blocks were taken back.
 */
export interface LogHead {
  life: string
  base: number
  next: number
  whole: number
}

/** Snapshots that a pull cut short had taken whole: ids by bucket. */
export interface Taken {
  epoch: string
  snapshots: Record<string, string>
}

/** The device's time at the service's last answer, and the latest it has seen since. */
export interface Heard {
  answered: number
  seen: number
}

export interface Meta {
  device: DeviceIdentity
  sequence: number
  session: StoredSession
  sync: SyncPoint
  lock: StoredLock
  log: LogHead
  taken: Taken
  heard: Heard
  clock: ClockSample
  mobile_data: MobileData
}

export interface MetaRecord {
  key: keyof Meta
  value: Meta[keyof Meta]
}

export interface Stores {
  outbox: OutboxRecord
  media: MediaRecord
  blobs: BlobRecord
  drafts: DraftRecord
  /** Others' data, under the data key. */
  blocks: BlockRecord
  /** The city's tables, readable without the PIN. */
  reference: BlockRecord
  meta: MetaRecord
}

export type StoreName = keyof Stores

/** Fields a store can be asked by. */
export interface Indexes {
  outbox: 'user'
  media: 'owner'
  blobs: never
  drafts: 'user'
  blocks: never
  reference: never
  meta: never
}
