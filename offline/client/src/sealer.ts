/** Seals to the service what must outlive a wipe of this device, or leave it as a file (PROTOCOL 8). */

import { base64, fromBase64 } from './keys'
import type { Crypt, Keys, Storage } from './ports'
import type { BlobRecord, MediaRecord, OutboxRecord } from './records'
import type { Session } from './session'

const KEY_BYTES = 32

export class Sealer {
  constructor(
    private readonly storage: Storage,
    private readonly keys: Keys,
    private readonly crypt: Crypt,
    private readonly session: Session,
  ) {}

  /** The Item of a command; null while this device knows no seal key. */
  async item(body: string, signature: string): Promise<string | null> {
    return this.seal('xunge item', { body, signature })
  }

  /** The key of a photo, in the name of its author; null while this device knows no seal key. */
  async media(id: string, sha256: string, key: string, author: string): Promise<string | null> {
    const device = await this.session.device()
    const signature = await this.keys.sign(device.key, `xunge media ${id} ${sha256} ${author}`)
    return this.seal(`xunge media ${id}`, { key, author, device: device.id, signature })
  }

  /** Encrypts bytes under a new key of their own (base64). */
  async hide(bytes: Uint8Array<ArrayBuffer>): Promise<Hidden> {
    const raw = Uint8Array.from(this.keys.random(KEY_BYTES))
    const key = await this.crypt.aesKey(raw)
    return { key: base64(raw), bytes: await this.crypt.encrypt(key, bytes, '') }
  }

  /** The plain bytes; null once they, or the key to them, are gone. */
  async show(
    record: MediaRecord | undefined,
    blob: BlobRecord | undefined,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    if (record === undefined || blob === undefined) return null
    if (record.key === null) return record.sealed === null ? blob.bytes : null
    return this.crypt.decrypt(await this.crypt.aesKey(fromBase64(record.key)), blob.bytes, '')
  }

  /** Seals what was recorded while no seal key was known. */
  async catchUp(): Promise<void> {
    if (this.sealKey === null) return
    const stores = ['outbox', 'media', 'drafts'] as const
    const [records, photos, drafts] = await this.storage.run('read', [...stores], async (t) => [
      await t.list('outbox'),
      await t.list('media'),
      await t.list('drafts'),
    ])
    for (const record of records.filter(({ sealed }) => sealed === null)) await this.later(record)
    const authors = new Map([
      ...records.map(({ id, user }) => [id, user] as const),
      ...drafts.map(({ key, user }) => [`draft:${key}`, user] as const),
    ])
    for (const photo of photos.filter(({ sealed }) => sealed === null)) {
      const author = authors.get(photo.owner)
      if (author !== undefined) await this.laterPhoto(photo, author)
    }
  }

  private get sealKey(): string | null {
    // A view kept by an older version of the app has none.
    const view: { seal_key?: string } | null = this.session.state.value.view
    return view?.seal_key ?? null
  }

  private async seal(info: string, what: object): Promise<string | null> {
    return this.sealKey && this.keys.seal(this.sealKey, info, JSON.stringify(what))
  }

  private async later({ id, body, signature }: OutboxRecord): Promise<void> {
    if (body === null || signature === null) return
    const sealed = await this.item(body, signature)
    await this.storage.run('write', ['outbox'], async (t) => {
      const now = await t.get('outbox', id)
      if (now?.sealed === null) await t.put('outbox', [{ ...now, sealed }])
    })
  }

  private async laterPhoto({ id, sha256, key }: MediaRecord, author: string): Promise<void> {
    const blob = await this.storage.run('read', ['blobs'], (t) => t.get('blobs', id))
    if (blob === undefined) return
    const hidden = key === null ? await this.hide(blob.bytes) : { key, bytes: blob.bytes }
    const sealed = await this.media(id, sha256, hidden.key, author)
    await this.storage.run('write', ['media', 'blobs'], async (t) => {
      const now = await t.get('media', id)
      if (now?.sealed !== null || now.key !== key) return
      await t.put('media', [{ ...now, key: hidden.key, sealed }])
      await t.put('blobs', [{ id, bytes: hidden.bytes }])
    })
  }
}

interface Hidden {
  key: string
  bytes: Uint8Array<ArrayBuffer>
}
