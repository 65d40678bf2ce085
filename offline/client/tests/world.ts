/** A phone that can be killed at any line, with a clock of its own. */

import type { commands } from '@xunge/types'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import type { HttpStack } from 'tus-js-client'
import { type Client, openClient } from '../src/client'
import { webCrypt } from '../src/crypt'
import { openDexie } from '../src/dexie'
import { DeviceError } from '../src/errors'
import { webKeys } from '../src/keys'
import type { StoreName } from '../src/records'
import type { Clock, Crypt, Locks, Storage, TabMessage, Tabs } from '../src/ports'
import { tusUploader } from '../src/tus'
import type { Feed } from './feed'
import { Server } from './server'

export const USER = '01890000-0000-7000-8000-0000000000a1'
export const OTHER = '01890000-0000-7000-8000-0000000000a2'

export class ManualClock implements Clock {
  private time = Date.parse('2026-11-21T00:00:00Z')
  private readonly timers = new Set<{ at: number; wake: () => void }>()

  now(): number {
    return this.time
  }

  after(milliseconds: number, wake: () => void): () => void {
    const timer = { at: this.time + milliseconds, wake }
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }

  advance(milliseconds: number): void {
    this.time += milliseconds
    for (const timer of [...this.timers])
      if (timer.at <= this.time && this.timers.delete(timer)) timer.wake()
  }
}

/** Locks shared by the tabs of a device. Those of a dead tab go with it. */
export class SharedLocks {
  private readonly tails = new Map<string, Promise<unknown>>()

  of(dead: Promise<void>): Locks {
    return {
      exclusive: async (name, work) => {
        const before = this.tails.get(name) ?? Promise.resolve()
        const mine = before.then(work)
        this.tails.set(name, Promise.race([mine.catch(() => undefined), dead]))
        return mine
      },
    }
  }
}

export interface Tab {
  client: Client
  /** From here on nothing this tab does happens. */
  kill(): void
  /** Dies at its n-th transaction from now: before it, or after it is on disk. */
  killAt(transactions: number, committed: boolean): void
  /** The disk fails at the end of its n-th write from now, and takes back all of that write. */
  failAt(writes: number): void
  readonly dead: Promise<void>
  readonly isDead: boolean
  online: boolean
  /** Whether its network costs by the byte; changing tells nobody but by `wake`. */
  metered: boolean
  wake(): void
  hide(): void
  signal(buckets?: string[]): void
}

export class Phone {
  readonly clock = new ManualClock()
  private readonly locks = new SharedLocks()
  private readonly ears = new Set<(message: TabMessage) => void>()
  private seed = 1
  /** How full the phone is, in bytes. */
  disk = { usage: 0, quota: 1_000_000_000 }
  persisted = false

  private note: string | null = null

  /** A phone of its own disk; of the same service, when it is given another's. */
  constructor(
    private factory = new IDBFactory(),
    readonly server = new Server(),
  ) {
    server.phone = () => this.clock.now()
  }

  /** The browser clears the store, and nothing else. */
  evict(): void {
    this.factory = new IDBFactory()
  }

  /** All that the store holds, as text, to look for what should not be there. */
  async raw(...stores: StoreName[]): Promise<string> {
    const disk = openDexie('xunge', { indexedDB: this.factory, IDBKeyRange })
    const found = await Promise.all(
      stores.map((store) => disk.run('read', [store], (t) => t.list(store))),
    )
    disk.close()
    return JSON.stringify(found, (_, value: unknown) =>
      value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
    )
  }

  async open(): Promise<Tab> {
    let over = false
    const life = { over: () => over }
    let die = (): void => undefined
    const dead = new Promise<void>((resolve) => {
      die = () => {
        over = true
        resolve()
      }
    })
    const never = new Promise<never>(() => undefined)
    let countdown: { left: number; committed: boolean } | null = null
    let failing: number | null = null
    const disk = openDexie('xunge', { indexedDB: this.factory, IDBKeyRange })
    const storage: Storage = {
      run: async (mode, stores, work) => {
        if (life.over()) return never
        if (countdown !== null && countdown.left-- <= 0) {
          if (countdown.committed) await disk.run(mode, stores, work)
          die()
          return never
        }
        if (mode === 'write' && failing !== null && failing-- <= 0) {
          failing = null
          return disk.run(mode, stores, async (t) => {
            await work(t)
            throw new DeviceError('storage_full', '满了')
          })
        }
        const result = await disk.run(mode, stores, work)
        return life.over() ? never : result
      },
      close: () => disk.close(),
    }
    const fetch: typeof globalThis.fetch = async (input, init) => {
      if (life.over()) return never
      if (!page.online) throw new TypeError('offline')
      const response = await this.server.fetch(input, init)
      return life.over() ? never : response
    }
    const wakes = new Set<() => void>()
    const losses = new Set<() => void>()
    const hides = new Set<() => void>()
    const signals = new Set<(buckets: string[] | null) => void>()
    const page = { online: true, metered: false }
    const client = await openClient({
      api: '/api',
      fetch,
      storage,
      keys: webKeys(crypto),
      crypt: quickly(webCrypt(crypto)),
      clock: this.clock,
      locks: this.locks.of(dead),
      tabs: this.tabs(life),
      host: {
        online: () => page.online,
        metered: () => page.metered,
        onWake: listener(wakes),
        onLost: listener(losses),
        onHide: listener(hides),
        live: (_, change) => listener(signals)(change),
      },
      disk: {
        estimate: () => Promise.resolve(this.disk),
        persist: () => Promise.resolve((this.persisted = true)),
      },
      marker: { read: () => this.note, write: (text) => void (this.note = text) },
      uploader: tusUploader('/api/uploads', { httpStack: fetchStack(fetch), chunkSize: 400 }),
      random: () => (this.seed = (this.seed * 16_807) % 2_147_483_647) / 2_147_483_647,
      searched: { case: ({ title }: { title?: string }) => [title] },
    })
    return {
      client,
      dead,
      get isDead() {
        return life.over()
      },
      kill: die,
      killAt: (left, committed) => (countdown = { left, committed }),
      failAt: (writes) => (failing = writes),
      get online() {
        return page.online
      },
      set online(value) {
        page.online = value
        if (!value) losses.forEach((each) => each())
      },
      get metered() {
        return page.metered
      },
      set metered(value) {
        page.metered = value
      },
      wake: () => wakes.forEach((each) => each()),
      hide: () => hides.forEach((each) => each()),
      signal: (buckets) => signals.forEach((each) => each(buckets ?? null)),
    }
  }

  private tabs(life: { over: () => boolean }): Tabs {
    let mine: ((message: TabMessage) => void) | null = null
    return {
      tell: (message) => {
        if (life.over()) return
        for (const ear of this.ears) if (ear !== mine) queueMicrotask(() => ear(message))
      },
      listen: (hear) => {
        mine = hear
        return listener(this.ears)(hear)
      },
    }
  }
}

export async function signedIn(phone: Phone): Promise<Tab> {
  const tab = await phone.open()
  await tab.client.session.signIn(USER, 'password', '测试手机')
  await Promise.all([tab.client.sync.pull(), tab.client.sync.flush()])
  return tab
}

/** Ten wrong PINs should not take a test seconds. */
function quickly(crypt: Crypt): Crypt {
  return { ...crypt, stretch: (pin, salt) => crypt.stretch(pin, salt, 1_000) }
}

export function serve(phone: Phone, feed: Feed): void {
  phone.server.pulled = (request) => feed.pull(request)
  phone.server.file = (id) => feed.file(id)
}

/** Versions of the cases that a tab has in memory, by id. */
export async function shown({ client }: Tab): Promise<Map<string, number>> {
  await client.replica.read()
  const documents = client.replica.documents('case') as { id: string; version: number }[]
  return new Map(documents.map(({ id, version }) => [id, version]))
}

/** A report with `photos` photos of a few bytes each, or of `sizes`; `first` of them show what
 * happened. Recorded but not waited for.
 */
export async function report(
  { outbox }: Client,
  {
    photos = 0,
    sizes = Array.from({ length: photos }, () => 450),
    first = 0,
    description = '路灯不亮',
    after = [] as string[],
    urgent = false,
    draft = undefined as string | undefined,
  } = {},
): Promise<{ id: string; photos: Map<string, string> }> {
  const files = await Promise.all(
    sizes.map(async (size, index) => {
      const text = `photo ${index} ${Math.sin(index)}`.repeat(1 + size / 8).slice(0, size)
      const blob = new Blob([text], { type: 'image/jpeg' })
      return { blob, ...(await outbox.describe(blob)) }
    }),
  )
  const payload: commands.ReportCase = {
    case: outbox.newId(),
    report: outbox.newId(),
    category: '0101',
    description,
    urgent,
    position: { longitude: 120.65, latitude: 28 },
    media: files.map(({ id, sha256, size }) => ({ id, sha256, size, role: 'near' })),
  }
  const media = files.map(({ id, blob }, index) => ({
    ...{ id, blob, kind: 'photo' as const, name: 'p.jpg' },
    first: index < first,
  }))
  const id = await outbox.submit('case.report', payload, {
    ...{ media, after },
    ...(draft !== undefined && { draft }),
  })
  return { id, photos: new Map(files.map((file) => [file.id, file.sha256])) }
}

/** Lets time pass and sends until nothing more is on its way. */
export async function deliverAll(phone: Phone, { client }: Tab): Promise<void> {
  for (let round = 0; round < 20; round++) {
    await client.sync.flush(true)
    const all = [...client.outbox.items.value, ...client.outbox.locked.value]
    const open = all.filter(({ state }) =>
      ['queued', 'sending', 'waiting_media', 'held'].includes(state),
    )
    if (open.length === 0) return
    phone.clock.advance(400_000)
  }
}

function listener<T>(set: Set<T>): (one: T) => () => void {
  return (one) => {
    set.add(one)
    return () => set.delete(one)
  }
}

/** tus-js-client's HTTP on a fetch. */
function fetchStack(fetch: typeof globalThis.fetch): HttpStack {
  return {
    getName: () => 'fetch',
    createRequest: (method, url) => {
      const headers = new Map<string, string>()
      return {
        getMethod: () => method,
        getURL: () => url,
        setHeader: (name, value) => void headers.set(name, value),
        getHeader: (name) => headers.get(name),
        setProgressHandler: () => undefined,
        abort: () => Promise.resolve(),
        getUnderlyingObject: () => null,
        async send(body: BodyInit | null) {
          const response = await fetch(url, { method, headers: [...headers], body: body ?? null })
          const text = await response.text()
          return {
            getStatus: () => response.status,
            getHeader: (name) => response.headers.get(name) ?? undefined,
            getBody: () => text,
            getUnderlyingObject: () => null,
          }
        },
      }
    },
  }
}
