/** A wipe's part in what this device recorded: the sealed form stays, what can be read goes. */

import { DRAFT, removeMedia } from './media'
import type { Transaction } from './ports'
import type { StoreName } from './records'

/** What the wipe's transaction must hold. */
export const LOCKED_STORES: StoreName[] = ['outbox', 'media', 'blobs', 'drafts']

/** What could not be sealed yet and was not sent stays as it is: losing it would be worse. */
export async function lock(t: Transaction, { drafts = true } = {}): Promise<void> {
  const [records, photos] = [await t.list('outbox'), await t.list('media')]
  if (drafts) await t.clear('drafts')
  const unsent = new Set(photos.filter(({ sent }) => !sent).map(({ owner }) => owner))
  const known = records.filter(
    ({ id, sealed, state }) => sealed === null && state === 'accepted' && !unsent.has(id),
  )
  const gone = new Set(known.map(({ id }) => id))
  await t.remove('outbox', [...gone])
  await removeMedia(
    t,
    photos
      .filter(({ owner }) => gone.has(owner) || (drafts && owner.startsWith(DRAFT)))
      .map(({ id }) => id),
  )
  await t.put(
    'outbox',
    records
      .filter(({ sealed }) => sealed !== null)
      .map((record) => ({
        ...record,
        type: '',
        body: null,
        signature: null,
        reasons: [],
        last_error: null,
      })),
  )
  await t.put(
    'media',
    photos
      .filter(({ owner, sealed }) => sealed !== null && !owner.startsWith(DRAFT))
      .map((photo) => ({ ...photo, key: null, name: photo.kind, url: null, last_error: null })),
  )
}
