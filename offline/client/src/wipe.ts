/** What must not outlive a session. */

import { lock, LOCKED_STORES } from './lock'
import { metaRecord, readMeta, type Transaction } from './ports'
import type { StoreName } from './records'

/** The stores that `wipe` writes. */
export const WIPED: StoreName[] = ['meta', 'blocks', 'reference', ...LOCKED_STORES]

/**
 * Makes the replica unreadable and deletes it: the key first, then the blocks. With `reference` the
 * city's tables stay, and what is being written, so that recording goes on; the next pull fetches
 * the rest. Unsent items are locked.
 */
export async function wipe(t: Transaction, { reference = false } = {}): Promise<void> {
  const stored = await readMeta(t, 'lock')
  if (!reference || stored === undefined) await t.remove('meta', ['lock'])
  else await t.put('meta', [metaRecord('lock', { ...stored, salt: null, wrapped: null })])
  await lock(t, { drafts: !reference })
  await dropBlocks(t, { reference })
}

/** Deletes what was pulled, so that the next pull fetches it anew. */
export async function dropBlocks(t: Transaction, { reference = false } = {}): Promise<void> {
  await t.clear('blocks')
  if (!reference) {
    await t.clear('reference')
    await t.remove('meta', ['sync', 'log', 'taken'])
    return
  }
  const [sync, log] = [await readMeta(t, 'sync'), await readMeta(t, 'log')]
  const buckets = sync?.buckets.filter(isReference) ?? []
  if (sync !== undefined) await t.put('meta', [metaRecord('sync', { ...sync, buckets })])
  // Whoever has read what is gone reads anew.
  if (log !== undefined) await t.put('meta', [metaRecord('log', { ...log, life: `${log.life}'` })])
  await t.remove('meta', ['taken'])
}

/** Buckets without personal data: what a screen needs to record something. */
export function isReference(bucket: string): boolean {
  return bucket.startsWith('reference:')
}
