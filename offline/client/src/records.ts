/** What the device keeps. Changing a shape means a new store version and a fixture of the old one. */

import type { directory, wire } from '@xunge/types'

/** A command as it will be pushed, and what became of it. Times are the device's milliseconds. */
export interface OutboxRecord {
  id: string
  seq: number
  user: string
  type: string
  body: string
  signature: string
  digest: string
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

/** `owner` is a command's id, or `draft:` and the draft's key. `url` is where the upload goes on. */
export interface MediaRecord {
  id: string
  owner: string
  kind: 'photo' | 'audio' | 'file'
  name: string
  type: string
  sha256: string
  size: number
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

/** `key` is kind/id. */
export interface DocumentRecord {
  key: string
  kind: string
  id: string
  version: number
  document: unknown
}

/** One piece of the replica's log, encrypted. `key` is its number in twelve digits. */
export interface BlockRecord {
  key: string
  bytes: Uint8Array<ArrayBuffer>
}

/** `entity` is the key of a document; `key` is bucket and entity. */
export interface MemberRecord {
  key: string
  bucket: string
  entity: string
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

/** Where the last whole pull ended. */
export interface SyncPoint {
  cursor: string
  epoch: string
  buckets: string[]
  at: number
}

export interface Meta {
  device: DeviceIdentity
  sequence: number
  session: StoredSession
  sync: SyncPoint
  /** Buckets that may have members here, also when a pull was cut short. */
  touched: string[]
  clock_offset_ms: number
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
  documents: DocumentRecord
  members: MemberRecord
  blocks: BlockRecord
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
  documents: 'kind'
  members: 'bucket' | 'entity'
  blocks: never
  reference: never
  meta: never
}
