/** What the client needs of the machine it runs on, and nothing more. */

import type { Indexes, Meta, MetaRecord, StoreName, Stores } from './records'

/** All or nothing. Only its own calls may be awaited inside: anything else would end it. */
export interface Transaction {
  get<S extends StoreName>(store: S, key: string): Promise<Stores[S] | undefined>
  getMany<S extends StoreName>(store: S, keys: string[]): Promise<(Stores[S] | undefined)[]>
  /** The records whose key is greater, in the order of their keys. */
  after<S extends StoreName>(store: S, key: string): Promise<Stores[S][]>
  list<S extends StoreName>(store: S, index?: Indexes[S], is?: string): Promise<Stores[S][]>
  put<S extends StoreName>(store: S, records: Stores[S][]): Promise<void>
  remove(store: StoreName, keys: string[]): Promise<void>
  clear(store: StoreName): Promise<void>
}

/** `run` resolves once a write is on disk, and rejects having written nothing. */
export interface Storage {
  run<T>(
    mode: 'read' | 'write',
    stores: StoreName[],
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T>
  close(): void
}

export async function readMeta<K extends keyof Meta>(
  transaction: Transaction,
  key: K,
): Promise<Meta[K] | undefined> {
  const record = await transaction.get('meta', key)
  return record?.value as Meta[K] | undefined
}

export function metaRecord<K extends keyof Meta>(key: K, value: Meta[K]): MetaRecord {
  return { key, value }
}

/** Signing by a key that never leaves the device, digests, and sealing. Text is signed as UTF-8. */
export interface Keys {
  generate(): Promise<{ key: unknown; public_key: string }>
  sign(key: unknown, text: string): Promise<string>
  sha256(data: Uint8Array<ArrayBuffer>): Promise<string>
  random(bytes: number): Uint8Array
  /** For the holder of `seal_key` alone (PROTOCOL 8): HPKE's enc ‖ ciphertext. All base64. */
  seal(sealKey: string, info: string, text: string): Promise<string>
}

/** Ciphers of the machine itself. Keys that it makes cannot be read out. */
export interface Crypt {
  /** A key for `mix`. */
  deviceKey(): Promise<unknown>
  /** HMAC-SHA-256: 32 bytes that follow from the key and `secret`. */
  mix(key: unknown, secret: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
  /** PBKDF2-SHA-256: 32 bytes that follow from a PIN, slowly. */
  stretch(
    pin: string,
    salt: Uint8Array<ArrayBuffer>,
    rounds: number,
  ): Promise<Uint8Array<ArrayBuffer>>
  /** A key for AES-256-GCM of its 32 bytes. */
  aesKey(raw: Uint8Array<ArrayBuffer>): Promise<unknown>
  /** Nonce ‖ ciphertext ‖ tag; `additional` is bound to it, and not in it. */
  encrypt(
    key: unknown,
    data: Uint8Array<ArrayBuffer>,
    additional: string,
  ): Promise<Uint8Array<ArrayBuffer>>
  /** Null when the key or `additional` is another, or the bytes are damaged. */
  decrypt(
    key: unknown,
    data: Uint8Array<ArrayBuffer>,
    additional: string,
  ): Promise<Uint8Array<ArrayBuffer> | null>
}

/** Wall time in milliseconds, and waking up later. */
export interface Clock {
  now(): number
  after(milliseconds: number, wake: () => void): () => void
}

/** One holder at a time over all tabs; others wait their turn. */
export interface Locks {
  exclusive<T>(name: string, work: () => Promise<T>): Promise<T>
}

export interface TabMessage {
  about: 'outbox' | 'session' | 'replica'
}

/** The other tabs of this device. */
export interface Tabs {
  tell(message: TabMessage): void
  listen(hear: (message: TabMessage) => void): () => void
}

/** One short text outside the store, which is not cleared together with it if that can be had. */
export interface Marker {
  read(): string | null
  write(text: string): void
}

/** The page: whether it has a network, when it comes back, when it may be about to go. */
export interface Host {
  online(): boolean
  /** Whether the network costs its owner by the byte, as far as can be known. */
  metered(): boolean
  /** Tells the moment at which the network goes. */
  onLost(lose: () => void): () => void
  onWake(wake: () => void): () => void
  onHide(hide: () => void): () => void
  /** Server-sent events: `change` hears of buckets, or null when some may have been missed; `lost` is
   * called once when they have ended for good. */
  live(url: string, change: (buckets: string[] | null) => void, lost: () => void): () => void
}

/** How full the device's storage is, in bytes; null where nobody can tell. */
export interface Disk {
  estimate(): Promise<{ usage: number; quota: number } | null>
  /** Asks that what is stored here is not cleared when the machine runs short. */
  persist(): Promise<boolean>
}

/** `sha256` is of the plain bytes; with `sealed`, `bytes` are the encrypted ones. */
export interface Upload {
  id: string
  kind: 'photo' | 'audio' | 'file'
  name: string
  type: string
  sha256: string
  sealed: string | null
  bytes: Uint8Array<ArrayBuffer>
  url: string | null
}

/** Sends bytes in pieces, going on from `url`; `located` is told where they go (null: nowhere). */
export interface Uploader {
  upload(
    upload: Upload,
    located: (url: string | null) => Promise<void>,
    progress: (share: number) => void,
  ): Promise<void>
}
