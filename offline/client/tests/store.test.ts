/** No update may lose an item: every released store version opens, shows and sends what it held.
 *
 * A fixture is every record of a store with one unsent report, its photo and a draft; bytes are
 * base64. Keys cannot be written down: what is signed does not need its key, and
 * others' data come again.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { Dexie } from 'dexie'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { expect, test } from 'vitest'
import type { wire } from '@xunge/types'
import { openDexie } from '../src/dexie'
import type { DeviceIdentity, StoreName } from '../src/records'
import { deliverAll, Phone, USER } from './world'

interface Fixture {
  version: number
  schema: Record<string, string>
  records: Record<string, Record<string, unknown>[]>
}

const FOLDER = new URL('fixtures/', import.meta.url)
const fixtures = readdirSync(FOLDER).map(
  (name) => JSON.parse(readFileSync(new URL(name, FOLDER)).toString()) as Fixture,
)

async function store({ version, schema, records }: Fixture): Promise<IDBFactory> {
  const indexedDB = new IDBFactory()
  const old = new Dexie('xunge', { indexedDB, IDBKeyRange })
  old.version(version).stores(schema)
  for (const [name, rows] of Object.entries(records))
    await old
      .table(name)
      .bulkPut(
        rows.map((row) =>
          typeof row.bytes === 'string'
            ? { ...row, bytes: new Uint8Array(Buffer.from(row.bytes, 'base64')) }
            : row,
        ),
      )
  old.close()
  return indexedDB
}

test('there is a fixture of each version', () => {
  expect(fixtures.map(({ version }) => version).sort()).toEqual([1, 2])
})

test.for(fixtures)('a store of version $version keeps and sends all it held', async (fixture) => {
  const indexedDB = await store(fixture)
  const storage = openDexie('xunge', { indexedDB, IDBKeyRange })
  for (const [name, rows] of Object.entries(fixture.records)) {
    // Others' data come again, under another key; an old cursor would leave them out.
    if (['documents', 'members', 'meta'].includes(name)) continue
    const kept = await storage.run('read', [name as StoreName], (t) => t.list(name as StoreName))
    expect(kept).toHaveLength(rows.length)
  }
  storage.close()

  const phone = new Phone(indexedDB)
  const device = fixture.records.meta?.find(({ key }) => key === 'device')?.value as DeviceIdentity
  phone.server.devices.set(device.id, device.public_key)
  phone.server.user = USER
  const pulls: wire.PullRequest[] = []
  const { pulled } = phone.server
  phone.server.pulled = (request) => {
    pulls.push(request)
    return pulled(request)
  }
  const tab = await phone.open()
  await tab.client.sync.pull()
  const [item] = tab.client.outbox.items.value
  expect(item?.media).toHaveLength(1)
  expect((await tab.client.drafts.load('report'))?.value).toEqual({ description: '未写完' })
  await deliverAll(phone, tab)
  expect([...phone.server.applied.keys()]).toEqual([item?.id])
  expect([...phone.server.media.keys()]).toEqual(item?.media.map(({ id }) => id))
  expect(pulls[0]).toMatchObject({ cursor: null, buckets: [] })
  expect(phone.server.complaints).toEqual([])
})
