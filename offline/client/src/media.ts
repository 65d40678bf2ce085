/** Photos and recordings that wait on the device, and who owns them: a command or a draft. */

import { DeviceError } from './errors'
import type { Keys, Transaction } from './ports'
import type { BlobRecord, MediaRecord } from './records'
import type { Sealer } from './sealer'

/**
 * A photo or recording. Without `blob` its bytes are already here, kept by a draft. `first` ones show
 * what happened, and are sent before others.
 */
export interface NewMedia {
  id: string
  kind: 'photo' | 'audio' | 'file'
  name: string
  first?: boolean
  blob?: Blob
}

export interface Prepared {
  record: MediaRecord
  blob: BlobRecord
}

export const DRAFT = 'draft:'

export function draftOwner(key: string): string {
  return DRAFT + key
}

/** Digests, encrypts and seals the bytes in the author's name: not possible inside a transaction. */
export async function prepare(
  media: NewMedia[],
  author: string,
  keys: Keys,
  sealer: Sealer,
): Promise<Prepared[]> {
  const withBytes = media.flatMap(({ blob, ...rest }) => (blob ? [{ ...rest, blob }] : []))
  return Promise.all(
    withBytes.map(async ({ id, kind, name, first = false, blob }) => {
      const plain = new Uint8Array(await blob.arrayBuffer())
      const sha256 = await keys.sha256(plain)
      const { key, bytes } = await sealer.hide(plain)
      const record: MediaRecord = {
        id,
        owner: '',
        kind,
        name,
        type: blob.type,
        sha256,
        size: plain.length,
        key,
        sealed: await sealer.media(id, sha256, key, author),
        first,
        anyway: false,
        freed: false,
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

/** Sends anew what an earlier life of the service took. */
export async function sendAgain(t: Transaction, owner: string): Promise<void> {
  const photos = await t.list('media', 'owner', owner)
  await t.put(
    'media',
    photos
      .filter(({ freed }) => !freed)
      .map((photo) => ({ ...photo, sent: false, url: null, attempts: 0, next_try: 0 })),
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
