/** Phones with the real client, for a chaos run: one JSON order a line in, one answer a line out.
 *
 * Each keeps its diary (see diary.py) from what it finds on its disk and hears on the wire, whatever
 * its client makes of it. */

import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { commands, registry, wire } from '@xunge/types'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { openDexie } from '../../offline/client/src/dexie'
import { ApiError, DeviceError, Unavailable } from '../../offline/client/src/errors'
import type { Server } from '../../offline/client/tests/server'
import { ManualClock, Phone, type Tab } from '../../offline/client/tests/world'

/** How much faster timers run than time: a phone asks again sooner. */
const HASTE = 2
const SPOKEN = new Set(['case', 'task', 'person', 'room'])
const OPEN = ['queued', 'sending', 'waiting_media', 'held']

/** Wall time, wrong by `skew` milliseconds. */
class WallClock extends ManualClock {
  constructor(private readonly skew: number) {
    super()
  }

  override now(): number {
    return Date.now() + this.skew
  }

  override after(milliseconds: number, wake: () => void): () => void {
    const timer = setTimeout(wake, milliseconds / HASTE)
    return () => clearTimeout(timer)
  }
}

/** The service over a real network, with a browser's cookie jar. */
class Wire {
  private cookie = ''
  private readonly announced = new Map<string, { sha256: string; size: number }>()

  constructor(
    private readonly port: number,
    private readonly jot: (event: string, said: object) => void,
  ) {}

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const path = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url
    const headers = new Headers(init?.headers)
    headers.set('sec-fetch-site', 'same-origin')
    if (this.cookie !== '') headers.set('cookie', this.cookie)
    const response = await globalThis.fetch(`http://127.0.0.1:${this.port}${path}`, {
      ...init,
      headers,
    })
    for (const set of response.headers.getSetCookie()) {
      const [pair = ''] = set.split(';')
      this.cookie = /max-age=0|expires=thu, 01 jan 1970/i.test(set) ? '' : pair
    }
    if (path.startsWith('/api/uploads')) this.hearUpload(path, headers, response)
    if (path !== '/api/sync/push' || !response.ok) return response
    const bytes = await response.arrayBuffer()
    this.hear(new TextDecoder().decode(bytes))
    return new Response(bytes, response)
  }

  private hear(text: string): void {
    let answer: Partial<wire.PushResponse>
    try {
      answer = JSON.parse(text) as typeof answer
    } catch {
      return
    }
    for (const { id, ...said } of answer.outcomes ?? []) this.jot('heard', { command: id, ...said })
  }

  private hearUpload(path: string, headers: Headers, response: Response): void {
    const fields = (headers.get('upload-metadata') ?? '').split(',').map((each) => each.split(' '))
    const metadata = new Map(fields.map(([key = '', value = '']) => [key, atob(value)]))
    const announced = metadata.get('id')
    if (announced !== undefined)
      this.announced.set(announced, {
        sha256: metadata.get('sha256') ?? '',
        size: Number(headers.get('upload-length')),
      })
    const id = announced ?? path.split('/').at(-1) ?? ''
    const upload = this.announced.get(id)
    const offset = response.headers.get('upload-offset')
    if (upload && response.ok && offset !== null && Number(offset) === upload.size)
      this.jot('arrived', { media: id, sha256: upload.sha256 })
  }
}

class ChaosPhone extends Phone {
  override readonly clock: ManualClock
  override readonly server: Server
  readonly wire: Wire
  private readonly store
  private tabs_: Tab[] = []
  private readonly written = new Set<string>()

  constructor(
    port: number,
    skew: number,
    private readonly diary: string,
    factory = new IDBFactory(),
  ) {
    super(factory)
    this.clock = new WallClock(skew)
    this.wire = new Wire(port, (event, said) => this.jot(event, said))
    this.server = this.wire as unknown as Server
    this.store = openDexie('xunge', { indexedDB: factory, IDBKeyRange })
  }

  jot(event: string, said: object): void {
    appendFileSync(this.diary, `${JSON.stringify({ event, ...said })}\n`)
  }

  async tab(): Promise<Tab> {
    this.tabs_ = this.tabs_.filter((tab) => !tab.isDead)
    return this.tabs_.at(-1) ?? (await this.another())
  }

  /** One more tab; at most two. */
  async another(): Promise<Tab> {
    if (this.tabs_.length === 2) this.tabs_.shift()?.kill()
    const tab = await this.open()
    this.tabs_.push(tab)
    return tab
  }

  async kill(): Promise<void> {
    for (const tab of this.tabs_) tab.kill()
    await this.tab()
  }

  /** Notes what has come onto the disk since the last look. */
  async look(): Promise<void> {
    const [records, photos] = await this.store.run('read', ['outbox', 'media'], async (t) => [
      await t.list('outbox'),
      await t.list('media'),
    ])
    for (const { id, digest, body, user } of records) {
      if (this.written.has(id) || body === null) continue
      this.written.add(id)
      const { type, after, corrects, payload } = JSON.parse(body) as wire.Command
      const mine = photos.filter(({ owner }) => owner === id).map((each) => [each.id, each.sha256])
      const {
        case: of,
        person,
        fields,
      } = payload as Partial<commands.ReportCase & commands.EditPerson>
      const entity = of ?? person ?? null
      const media = Object.fromEntries(mine) as Record<string, string>
      this.jot('wrote', {
        ...{ command: id, digest, type, after, corrects, author: user, entity, fields, media },
      })
    }
  }

  async unsettled(): Promise<number> {
    const { client } = await this.tab()
    return client.outbox.items.value.filter(({ state }) => OPEN.includes(state)).length
  }

  async sayWhatIsHeld(kinds: string[]): Promise<void> {
    const { client } = await this.tab()
    const [records, photos] = await this.store.run('read', ['outbox', 'media'], async (t) => [
      await t.list('outbox'),
      await t.list('media'),
    ])
    const point = await client.replica.syncPoint()
    const documents: Record<string, [number, unknown]> = {}
    for (const kind of kinds)
      for (const each of client.replica.documents(kind)) {
        const { id, version } = each as { id: string; version: number }
        documents[`${kind}/${id}`] = [version, SPOKEN.has(kind) ? each : null]
      }
    this.jot('holds', {
      user: client.session.state.value.view?.user ?? null,
      epoch: point?.epoch ?? null,
      buckets: point?.buckets ?? [],
      members: null,
      documents,
      queue: Object.fromEntries(
        records.map(({ id, state, reasons, replaced_by, body }) => {
          const codes = reasons.map(({ code }) => code)
          const clash = state === 'refused' && codes.includes('clash')
          const locked = body === null
          return [id, { state: clash ? 'clash' : state, reasons: codes, replaced_by, locked }]
        }),
      ),
      media: Object.fromEntries(
        photos.map(({ id, sent, reason, owner }) => [
          id,
          { sent, refused: reason?.code ?? null, command: owner },
        ]),
      ),
    })
  }
}

interface Order {
  n: number
  phone: string
  do: string
  port?: number
  skew?: number
  diary?: string
  name?: string
  password?: string
  payload?: Record<string, unknown>
  photos?: { role: string; bytes: string }[]
  after?: string[]
  kinds?: string[]
  pick?: number
  count?: number
  committed?: boolean
}

const phones = new Map<string, ChaosPhone>()

/** Puts photos into a payload, and says what to hand over with it. */
async function withPhotos({ client }: Tab, payload: object, photos: Order['photos'] = []) {
  const files = await Promise.all(
    photos.map(async ({ role, bytes }) => {
      const blob = new Blob([Buffer.from(bytes, 'base64')], { type: 'image/jpeg' })
      return { role, blob, ...(await client.outbox.describe(blob)) }
    }),
  )
  const named = files.map(({ id, sha256, size, role }) => ({ id, sha256, size, role }))
  const media = files.map(({ id, blob }) => ({ id, blob, kind: 'photo' as const, name: 'p.jpg' }))
  return { payload: { ...payload, media: named }, media }
}

type Work = (phone: ChaosPhone, tab: Tab, order: Order) => Promise<object | void>

const works: Record<string, Work> = {
  async sign_in(_, { client }, { name = '', password = '' }) {
    await client.session.signIn(name, password, 'chaos')
  },
  async sign_out(_, { client }) {
    await client.session.signOut()
  },
  async report(phone, tab, order) {
    const newId = (): string => tab.client.outbox.newId()
    const base = { case: newId(), report: newId(), ...order.payload }
    const { payload, media } = await withPhotos(tab, base, order.photos)
    const id = await tab.client.outbox.submit('case.report', payload as never, { media })
    phone.jot('said', { command: id })
    return { command: id, case: base.case }
  },
  async act(phone, tab, { payload: base = {}, photos, after = [] }) {
    const { payload, media } = await withPhotos(tab, base, photos)
    const id = await tab.client.outbox.submit('case.act', payload as never, { media, after })
    phone.jot('said', { command: id })
    return { command: id }
  },
  /** Nothing, on a device that holds nobody. */
  async edit(phone, { client }, { payload = {}, pick = 0 }) {
    const held = client.replica.documents('person')[pick] as registry.PersonDocument | undefined
    if (held === undefined) return
    const { id, version } = held
    const mine = client.outbox.items.value.filter(
      ({ payload, state, receipt }) =>
        (payload as Partial<commands.EditPerson>).person === id &&
        state !== 'refused' &&
        (receipt?.version ?? Infinity) > version,
    )
    const given = { person: id, ...payload } as commands.EditPerson
    const command = await client.outbox.submit('person.edit', given, {
      bases: { [id]: version },
      after: mine.map((item) => item.id),
    })
    phone.jot('said', { command })
  },
  async flush(_, { client }) {
    await client.sync.flush(true)
  },
  async pull(_, { client }) {
    await client.sync.pull()
  },
  async kill(phone) {
    await phone.kill()
  },
  async another_tab(phone) {
    await phone.another()
  },
  async settle(phone, { client }) {
    await client.sync.flush(true)
    await client.sync.pull()
    await client.sync.flush(true)
    return { unsettled: await phone.unsettled() }
  },
  async last_word(phone, { client }, { kinds = [] }) {
    await client.sync.pull()
    await phone.look()
    await phone.sayWhatIsHeld(kinds)
  },
}

async function obey(order: Order): Promise<object> {
  if (order.do === 'make') {
    const { port = 0, skew = 0, diary = '' } = order
    phones.set(order.phone, new ChaosPhone(port, skew, diary))
    return {}
  }
  const phone = phones.get(order.phone)
  const work = works[order.do]
  if (phone === undefined || work === undefined) throw new Error(`cannot ${order.do}`)
  const tab = await phone.tab()
  // Dying in the middle of this very work.
  if (order.count !== undefined) tab.killAt(order.count, order.committed ?? false)
  try {
    const said = await Promise.race([
      work(phone, tab, order),
      tab.dead.then(() => ({ died: true })),
    ])
    return said ?? {}
  } catch (error) {
    if (error instanceof ApiError || error instanceof Unavailable || error instanceof DeviceError)
      return { error: `${error.name}: ${error.message}` }
    throw error
  } finally {
    await phone.look()
    const { status } = (await phone.tab()).client
    session.set(order.phone, status.value.session)
  }
}

const session = new Map<string, string>()

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

process.on('unhandledRejection', (error) => {
  say({ n: 0, crash: error instanceof Error ? (error.stack ?? error.message) : String(error) })
})
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line) as Order
    void obey(order)
      .then((said) => say({ n: order.n, session: session.get(order.phone) ?? 'none', ...said }))
      .catch((error: unknown) =>
        say({ n: order.n, crash: error instanceof Error ? (error.stack ?? '') : String(error) }),
      )
  })
  .on('close', () => process.exit(0))
