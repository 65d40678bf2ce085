/** The device's whole side of sync, put together from its ports. */

import { Courier } from './courier'
import { Drafts } from './drafts'
import { Evictions, type Unsent } from './marker'
import { openHttp } from './http'
import type { OutboxItem } from './items'
import { type Observable, Source } from './observable'
import { Outbox } from './outbox'
import { Log } from './log'
import { Parcels } from './parcel'
import type {
  Clock,
  Crypt,
  Disk,
  Host,
  Keys,
  Locks,
  Marker,
  Storage,
  Tabs,
  Uploader,
} from './ports'
import { Pusher } from './pusher'
import { Replica } from './replica'
import { Room } from './room'
import { Sealer } from './sealer'
import type { Searched } from './search'
import { Session } from './session'
import { single } from './single'
import { startSync, type Sync } from './sync'
import { Vault } from './vault'

export interface Ports {
  /** Where the API is, without a slash at the end: `/api`. */
  api: string
  fetch: typeof globalThis.fetch
  storage: Storage
  keys: Keys
  crypt: Crypt
  clock: Clock
  locks: Locks
  tabs: Tabs
  host: Host
  disk: Disk
  marker: Marker
  uploader: Uploader
  random: () => number
  searched: Searched
}

/**
 * The one badge: counts of what waits here, also of others' locked items, and whether the service was
 * reached when last asked. `checking`: how many items are asked about again after a restore. `wifi`:
 * photos that wait for a network which does not cost.
 */
export interface Status {
  online: boolean
  session: 'active' | 'expired' | 'none'
  queued: number
  sending: number
  needs_you: number
  checking: number
  wifi: { photos: number; bytes: number }
  last_sync: number | null
}

export interface Client {
  readonly status: Observable<Status>
  readonly session: Session
  /** The key of what is kept here, and the PIN before it. */
  readonly vault: Vault
  readonly outbox: Outbox
  readonly drafts: Drafts
  readonly parcels: Parcels
  readonly room: Room
  readonly replica: Replica
  readonly evictions: Evictions
  readonly sync: Sync
  /** JSON (or a form with files) to the API, for what is not sync. Throws ApiError, Unavailable. */
  request<T>(method: string, path: string, body?: unknown): Promise<T>
  close(): void
}

/** Reads what the device kept, and starts. Needs no network. */
export async function openClient(ports: Ports): Promise<Client> {
  const { api, storage, keys, crypt, clock, locks, tabs, host, disk, uploader, random } = ports
  let reached = host.online()
  const http = openHttp(api, ports.fetch, clock, (heard) => {
    reached = heard
    report()
  })
  const vault = new Vault(storage, keys, crypt, () => session.wiped())
  const session: Session = new Session(storage, http, keys, clock, vault, async () => {
    tabs.tell({ about: 'session' })
    await Promise.all([refresh(), replica.read()])
  })
  const log = new Log(storage, keys, crypt, vault, (changes) => replica.changed(changes))
  const replica: Replica = new Replica(
    log,
    vault,
    { storage, http, keys, clock },
    () => tabs.tell({ about: 'replica' }),
    ports.searched,
  )
  const sealer = new Sealer(storage, keys, crypt, session)
  const pusher = new Pusher(storage, http, clock, random, changed)
  const metered = (): boolean => host.metered()
  const courier = new Courier(storage, uploader, sealer, clock, metered, random, changed)
  const room = new Room(storage, disk, clock)
  const recorded = async (): Promise<void> => {
    await changed()
    void sync.flush(true)
  }
  const outbox = new Outbox(
    storage,
    session,
    keys,
    sealer,
    room,
    clock,
    metered,
    (id) => courier.sending.get(id) ?? (pusher.sending.has(id) ? 0 : null),
    recorded,
  )
  const drafts = new Drafts(storage, session, keys, sealer, room, clock)
  const parcels = new Parcels(storage, session, clock, recorded)
  const evictions = new Evictions(storage, ports.marker, () => clock.now())
  const status = new Source<Status>(statusOf(outbox, session, reached, null))
  let lastSync: number | null = null

  function report(): void {
    status.set(statusOf(outbox, session, reached && host.online(), lastSync))
  }
  const refresh = single(async () => {
    await outbox.refresh()
    await evictions.note(unsent([...outbox.items.value, ...outbox.locked.value]))
    lastSync = (await replica.syncPoint())?.at ?? null
    report()
  })
  const readAgain = single(() => replica.read())
  /** Another tab signed in or out, or set a PIN. */
  async function again(): Promise<void> {
    await session.load()
    await vault.load()
    await Promise.all([refresh(), readAgain()])
  }
  async function changed(): Promise<void> {
    tabs.tell({ about: 'outbox' })
    await refresh()
  }

  await room.spared(() => evictions.look())
  await session.load()
  await vault.load()
  // A full disk takes no write, and must open all the same: to be sent from, and so emptied.
  await room.look()
  await room.spared(() => session.age())
  await room.spared(() => outbox.prune())
  await refresh()
  const sync = startSync({
    ...{ api, session, pusher, courier, replica, clock, locks, host, random, refresh },
    nextTry: () => nextTry([...outbox.items.value, ...outbox.locked.value]),
    catchUp: () => sealer.catchUp(),
    recheck: (epoch) => outbox.recheck(epoch),
  })
  void readAgain()
  const stops = [
    vault.state.subscribe(() => void readAgain()),
    tabs.listen((message) => {
      if (message.about === 'replica') void readAgain()
      void (message.about === 'session' ? again() : refresh())
    }),
    host.onHide(() => void drafts.flush()),
    host.onLost(report),
  ]
  return {
    ...{ status, session, vault, outbox, drafts, parcels, room, replica, evictions, sync },
    request: (method, path, body) => http.request(method, path, body),
    close() {
      for (const stop of stops) stop()
      sync.stop()
      storage.close()
    },
  }
}

function unsent(items: OutboxItem[]): Unsent[] {
  const waiting = items.filter(({ state }) => state !== 'sent' && state !== 'replaced')
  return waiting.map(({ created_at }) => ({ at: created_at }))
}

function statusOf(
  { items, locked }: Outbox,
  session: Session,
  online: boolean,
  lastSync: number | null,
): Status {
  const { view, expired } = session.state.value
  const all = [...items.value, ...locked.value]
  const count = (...states: OutboxItem['state'][]): number =>
    all.filter(({ state }) => states.includes(state)).length
  const spared = all.filter((item) => item.waits_for_wifi).flatMap(({ media }) => media)
  const photos = spared.filter(({ state }) => state === 'waiting')
  return {
    online,
    session: view === null ? 'none' : expired ? 'expired' : 'active',
    queued: count('queued', 'held', 'waiting_media'),
    sending: count('sending'),
    // Nobody here can do anything about what nobody here can read.
    needs_you: items.value.filter(({ state }) => state === 'refused').length,
    checking: all.filter(({ checking }) => checking).length,
    wifi: { photos: photos.length, bytes: photos.reduce((sum, { size }) => sum + size, 0) },
    last_sync: lastSync,
  }
}

function nextTry(items: OutboxItem[]): number | null {
  const waiting = items.filter(
    ({ state, waits_for_wifi }) =>
      ['queued', 'held', 'waiting_media'].includes(state) && !waits_for_wifi,
  )
  return waiting.length === 0 ? null : Math.min(...waiting.map(({ next_try }) => next_try))
}
