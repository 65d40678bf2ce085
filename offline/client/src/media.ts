/** Photos and recordings that wait on the device, and who owns them: a command or a draft. */

import { DeviceError } from './errors'
import type { Keys, Transaction } from './ports'
import type { BlobRecord, MediaRecord } from './records'

/** A photo or recording. Without `blob` its bytes are already here, kept by a draft. */
export interface NewMedia {
  id: string
  kind: 'photo' | 'audio' | 'file'
  name: string
  blob?: Blob
}

export interface Prepared {
  record: MediaRecord
  blob: BlobRecord
}

export function draftOwner(key: string): string {
  return `draft:${key}`
}

/** Reads and digests the bytes, which cannot be done inside a transaction. */
export async function prepare(media: NewMedia[], keys: Keys): Promise<Prepared[]> {
  const withBytes = media.flatMap(({ blob, ...rest }) => (blob ? [{ ...rest, blob }] : []))
  return Promise.all(
    withBytes.map(async ({ id, kind, name, blob }) => {
      const bytes = new Uint8Array(await blob.arrayBuffer())
      const record: MediaRecord = {
        id,
        owner: '',
        kind,
        name,
        type: blob.type,
        sha256: await keys.sha256(bytes),
        size: bytes.length,
        url: null,
        sent: false,
        attempts: 0,
        next_try: 0,
        last_error: null,
        reason: null,
      }
      return { record, blob: { id, bytes } }
    }),
  )
}

/** Makes `owner` own all of `media`. Throws DeviceError `no_bytes` when one is nowhere. */
export async function own(
  t: Transaction,
  owner: string,
  media: NewMedia[],
  prepared: Prepared[],
): Promise<void> {
  const fresh = new Map(prepared.map((each) => [each.record.id, each]))
  const kept = await t.getMany(
    'media',
    media.map(({ id }) => id),
  )
  const records = media.map(({ id }, index) => {
    const record = fresh.get(id)?.record ?? kept[index]
    if (record === undefined) throw new DeviceError('no_bytes', '照片已不在本机，请重新拍摄')
    return { ...record, owner }
  })
  await t.put(
    'blobs',
    prepared.map(({ blob }) => blob),
  )
  await t.put('media', records)
}

export async function removeMedia(t: Transaction, ids: string[]): Promise<void> {
  await t.remove('media', ids)
  await t.remove('blobs', ids)
}

/** Ends a draft: what it still owns goes with it. */
export async function removeDraft(t: Transaction, key: string): Promise<void> {
  const left = await t.list('media', 'owner', draftOwner(key))
  await removeMedia(
    t,
    left.map(({ id }) => id),
  )
  await t.remove('drafts', [key])
}
