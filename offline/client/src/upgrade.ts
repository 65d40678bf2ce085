/** From store version 1 to 2. An upgrade cannot wait for cryptography: sealing comes after it. */

import type { Transaction } from 'dexie'
import type { wire } from '@xunge/types'
import { entitiesOf, isUrgent } from './chain'
import type { MediaRecord, MetaRecord, OutboxRecord } from './records'

export async function upgradeSending(t: Transaction): Promise<void> {
  await t
    .table<OutboxRecord>('outbox')
    .toCollection()
    .modify((record) => {
      const command = JSON.parse(record.body ?? '{}') as wire.Command
      Object.assign(record, {
        sealed: null,
        after: command.after,
        corrects: command.corrects,
        entities: entitiesOf(command),
        urgent: isUrgent(command),
        epoch: record.receipt?.epoch ?? null,
        origin: null,
      } satisfies Partial<OutboxRecord>)
    })
  await t
    .table<MediaRecord>('media')
    .toCollection()
    .modify((photo) => {
      const first = /^(near|far|reference)\./.test(photo.name)
      Object.assign(photo, { key: null, sealed: null, first, anyway: false, freed: photo.sent })
    })
  const meta = t.table<MetaRecord>('meta')
  const old = await meta.get('clock_offset_ms')
  if (old !== undefined) {
    const value = { offset_ms: old.value as unknown as number, trip_ms: 10_000, at: 0 }
    await meta.put({ key: 'clock', value })
    await meta.delete('clock_offset_ms')
  }
}
