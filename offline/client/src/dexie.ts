/** The storage port on IndexedDB. A released version is never edited: add the next one below it,
 * and a fixture of the old one under tests/fixtures. */

import { Dexie, type DexieOptions, type Table } from 'dexie'
import { DeviceError, words } from './errors'
import type { Storage, Transaction } from './ports'
import type { StoredSession, StoreName, Stores } from './records'
import { upgradeSending } from './upgrade'

class Database extends Dexie {
  constructor(name: string, options?: DexieOptions) {
    super(name, options)
    this.version(1).stores({
      outbox: 'id, user',
      media: 'id, owner',
      blobs: 'id',
      drafts: 'key, user',
      documents: 'key, kind',
      members: 'key, bucket, entity',
      meta: 'key',
    })
    this.version(2)
      .stores({ blocks: 'key', reference: 'key', documents: null, members: null })
      .upgrade(async (t) => {
        await upgradeSending(t)
        await t.table('meta').bulkDelete(['sync', 'touched'])
        const holding = { people: 'masked', days: 7, limit: 50_000, pin: false }
        const session = await t.table<{ value: StoredSession }>('meta').get('session')
        if (session?.value.view)
          await t.table('meta').put({
            key: 'session',
            value: { ...session.value, view: { ...session.value.view, holding } },
          })
      })
  }

  of<S extends StoreName>(store: S): Table<Stores[S], string> {
    return this.table(store)
  }
}

/** Throws DeviceError `storage_full` from a write that finds no room. */
export function openDexie(name: string, options?: DexieOptions): Storage {
  const database = new Database(name, options)
  const transaction: Transaction = {
    get: async (store, key) => database.of(store).get(key),
    getMany: async (store, keys) => database.of(store).bulkGet(keys),
    after: async (store, key) => database.of(store).where(':id').above(key).toArray(),
    list: async (store, index, is) =>
      index === undefined || is === undefined
        ? database.of(store).toArray()
        : database.of(store).where(index).equals(is).toArray(),
    put: async (store, records) => {
      await database.of(store).bulkPut(records)
    },
    remove: async (store, keys) => database.of(store).bulkDelete(keys),
    clear: async (store) => database.of(store).clear(),
  }
  return {
    async run(mode, stores, work) {
      try {
        const kind = mode === 'read' ? 'r' : 'rw'
        return await database.transaction(kind, stores, async () => work(transaction))
      } catch (error) {
        if (isQuota(error)) throw new DeviceError('storage_full', words.full)
        throw error
      }
    },
    close: () => {
      database.close()
    },
  }
}

function isQuota(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'QuotaExceededError' || ('inner' in error && isQuota(error.inner)))
  )
}
