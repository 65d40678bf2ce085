/** A model of the service: what it must hold in the end, and every fault on the way. It checks each
 * request by the JSON Schemas that the Python structs give.
 */

import { readFileSync } from 'node:fs'
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { directory, requests, wire } from '@xunge/types'

/** lost: never arrives · cut: arrives, the answer is lost · portal: a gateway answers instead */
export type Fault = 'none' | 'lost' | 'cut' | 'broken' | 'busy' | 'portal'

const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats(ajv)
for (const name of ['wire', 'commands', 'requests']) {
  const text = readFileSync(
    new URL(`../../../shared-schemas/schemas/${name}.json`, import.meta.url),
  )
  ajv.addSchema(JSON.parse(text.toString()) as object, name)
}

function check(schema: string, value: unknown): unknown {
  if (ajv.validate(schema, value)) return value
  throw new Error(`${schema}: ${ajv.errorsText()}`)
}

const suite = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
})
const sealPair = await suite.kem.deriveKeyPair(new Uint8Array(32).fill(7).buffer)
const SEAL_KEY = Buffer.from(await suite.kem.serializePublicKey(sealPair.publicKey)).toString(
  'base64',
)
const ENC_BYTES = 65

/** What was sealed to the service for `info`; throws when it was not. */
async function unseal(sealed: string, info: string): Promise<unknown> {
  const bytes = Uint8Array.from(Buffer.from(sealed, 'base64'))
  const text = await suite.open(
    {
      recipientKey: sealPair.privateKey,
      enc: bytes.slice(0, ENC_BYTES).buffer,
      info: new TextEncoder().encode(info).buffer,
    },
    bytes.slice(ENC_BYTES).buffer,
  )
  return JSON.parse(new TextDecoder().decode(text))
}

interface Upload {
  length: number
  bytes: Uint8Array
  id: string
  sha256: string
  sealed: string | null
  uploader: string
}

export class Server {
  epoch = '1-aa'
  /** Bodies by command id, in the order applied. */
  readonly applied = new Map<string, string>()
  readonly media = new Map<string, Uint8Array>()
  /** In whose name, by media id. */
  readonly authors = new Map<string, string>()
  /** How many items of pushes, and how many photos, came sealed. */
  sealed = { items: 0, media: 0 }
  /** Command ids in the order they came, also again and again. */
  readonly arrived: string[] = []
  /** Media ids in the order of their announcements. */
  readonly announced: string[] = []
  readonly times = new Map<string, number>()
  readonly devices = new Map<string, string>()
  readonly revoked = new Set<string>()
  readonly faults: Fault[] = []
  readonly requests: string[] = []
  /** What went wrong that no fault explains: a test ends by looking here. */
  readonly complaints: string[] = []
  user: string | null = null
  /** Copies of data keys, by user and device. */
  readonly dataKeys = new Map<string, string>()
  /** The order to wipe, until it is confirmed. */
  wipe = false
  holding: directory.Holding = { people: 'masked', days: 7, limit: 50_000, pin: false }
  file: (id: string) => Uint8Array<ArrayBuffer> | null = () => null
  pulled: (request: wire.PullRequest) => wire.PullResponse = (request) => ({
    epoch: this.epoch,
    server_time: new Date(this.now()).toISOString(),
    buckets: [],
    fresh: [],
    members: [],
    documents: [],
    cursor: request.cursor ?? '0',
    page: null,
    reset: request.epoch !== null && request.epoch !== this.epoch ? 'epoch' : null,
    snapshots: [],
    checksums: null,
  })
  /** Bodies over which the service, or what stands before it, breaks down with a 500. */
  poisoned: (body: string) => boolean = () => false
  /** What is not believed of whoever is signed in now, and so is not kept. */
  doubts: (command: wire.Command, sender: string) => boolean = () => false
  /** Bodies that wait for a reason of the service's own. */
  holds: (body: string) => boolean = () => false
  /** Lets time pass between asking and answering. */
  takes: () => void = () => undefined
  /** Bodies that make the server answer 400. */
  malformed: (body: string) => boolean = () => false
  unknownCursors = false
  /** Resolves when a pull may be answered. */
  pullGate: () => Promise<void> = () => Promise.resolve()
  /** What a command settles besides itself. */
  settled: (command: wire.Command) => string | null = () => null
  private readonly settledIds = new Set<string>()
  /** Commands that came again. */
  repeats = 0
  refuse: (command: wire.Command) => wire.Reason[] = () => []
  private readonly uploads = new Map<string, Upload>()

  /** Milliseconds by which the server's clock is ahead of the phone's. */
  skew = 0

  /** The time by the phone's clock. */
  phone = (): number => 0

  private now(): number {
    return this.phone() + this.skew
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(new URL(input as string, 'http://city.test'), init)
    const path = new URL(request.url).pathname.replace(/^\/api/, '')
    this.requests.push(`${request.method} ${path}`)
    const fault = this.faults.shift() ?? 'none'
    if (fault === 'lost') throw new TypeError('network')
    if (fault === 'broken') return json({ code: 'internal', message: '内部错误' }, 500)
    if (fault === 'busy') return json({ code: 'busy', message: '忙' }, 503, { 'retry-after': '3' })
    if (fault === 'portal') return new Response('<html>请先登录</html>', { status: 200 })
    let response: Response
    try {
      response = await this.answer(request, path)
    } catch (error) {
      this.complaints.push(String(error))
      throw error
    }
    this.takes()
    if (fault === 'cut') throw new TypeError('network')
    return response
  }

  /** A backup taken at `then` comes back: what came later is gone, in another life. */
  restore(then: number): void {
    for (const [id, at] of this.times) {
      if (at <= then) continue
      this.applied.delete(id)
      this.media.delete(id)
      this.uploads.delete(`/api/uploads/${id}`)
      this.times.delete(id)
    }
    this.epoch = `${Number.parseInt(this.epoch) + 1}-aa`
  }

  forgetUploads(): void {
    this.uploads.clear()
  }

  private async answer(request: Request, path: string): Promise<Response> {
    if (path === '/session' && request.method === 'POST')
      return this.signIn(check('requests#/$defs/SignIn', await body(request)) as requests.SignIn)
    if (this.user === null) return json({ code: 'unauthenticated', message: '请登录' }, 401)
    if (path === '/session' && request.method === 'DELETE') {
      this.user = null
      this.wipe = false
      return new Response(null, { status: 204 })
    }
    if (this.wipe) return json({ code: 'wipe', message: '这台设备已被要求清除' }, 401)
    if (path === '/session') return json(this.view(this.user))
    if (path.startsWith('/sync/snapshots/')) {
      const bytes = this.file(path.slice('/sync/snapshots/'.length))
      if (bytes === null) return json({ code: 'unknown_snapshot', message: '没有' }, 404)
      return new Response(bytes, { headers: { 'content-type': 'application/gzip' } })
    }
    if (path.startsWith('/uploads')) return this.tus(request, path)
    if (path === '/sync/pull') {
      await this.pullGate()
      const pull = check('wire#/$defs/PullRequest', await body(request)) as wire.PullRequest
      if (this.unknownCursors && pull.cursor !== null)
        return json({ code: 'bad_cursor', message: '同步位置无效' }, 400)
      return json(this.pulled(pull))
    }
    if (path !== '/sync/push') throw new Error(`no such path: ${path}`)
    const push = check('wire#/$defs/PushRequest', await body(request)) as wire.PushRequest
    const items = await Promise.all(push.commands.map((item) => this.opened(item)))
    if (items.some(({ body }) => this.poisoned(body)))
      return json({ code: 'internal', message: '内部错误' }, 500)
    if (items.some(({ body }) => this.malformed(body)))
      return json({ code: 'malformed', message: '格式不对' }, 400)
    const outcomes: wire.Outcome[] = []
    for (const item of items) outcomes.push(await this.apply(item))
    const server_time = new Date(this.now()).toISOString()
    return json({ epoch: this.epoch, server_time, outcomes } satisfies wire.PushResponse)
  }

  private signIn({ name, device }: requests.SignIn): Response {
    if (this.revoked.has(device.id))
      return json({ code: 'device_revoked', message: '这台设备已被停用' }, 403)
    this.user = name
    this.devices.set(device.id, device.public_key ?? '')
    const kept = `${name} ${device.id}`
    if (device.data_key) this.dataKeys.set(kept, device.data_key)
    const data_key = this.dataKeys.get(kept) ?? null
    return json({ ...this.view(name), device: device.id, token: 'secret', data_key }, 201)
  }

  private view(user: string): directory.SessionView {
    return { ...sessionOf(user), holding: this.holding }
  }

  private async opened(item: wire.Item): Promise<wire.Item> {
    if (item.sealed === null) return item
    this.sealed.items++
    return { ...item, ...((await unseal(item.sealed, 'xunge item')) as object) }
  }

  private async apply({ body, signature }: wire.Item): Promise<wire.Outcome> {
    const command = check('wire#/$defs/Command', JSON.parse(body)) as wire.Command
    if (command.type === 'case.report') check('commands#/$defs/ReportCase', command.payload)
    if (!(await this.verify(command.device, body, signature ?? '')))
      throw new Error(`bad signature of ${command.id}`)
    const id = command.id
    this.arrived.push(id)
    if (this.doubts(command, this.user ?? '')) {
      const reasons = [{ code: 'not_author', message: '只能提交自己的操作', field: 'user' }]
      return { id, outcome: 'held', receipt: null, reasons }
    }
    const known = this.applied.get(id)
    const receipt = await this.receipt(id, body)
    if (known === body) this.repeats++
    if (known === body) return { id, outcome: 'repeated', receipt, reasons: [] }
    if (known !== undefined) return { id, outcome: 'clash', receipt: null, reasons: [] }
    if (
      this.holds(body) ||
      command.after.some((other) => !this.applied.has(other) && !this.settledIds.has(other))
    )
      return { id, outcome: 'held', receipt: null, reasons: [] }
    const reasons = this.refuse(command)
    if (reasons.length > 0) return { id, outcome: 'rejected', receipt: null, reasons }
    this.applied.set(id, body)
    const settled = this.settled(command)
    if (settled !== null) this.settledIds.add(settled)
    this.times.set(id, this.phone())
    return { id, outcome: 'accepted', receipt, reasons: [] }
  }

  private async receipt(command: string, body: string): Promise<wire.Receipt> {
    const digest = await sha256(new TextEncoder().encode(body))
    const received_at = new Date(this.now()).toISOString()
    const { epoch } = this
    return { command, digest, received_at, epoch, entity: null, version: null, number: 'N-1' }
  }

  /** Keeps a whole upload in the name of its author, who need not be who brought it. */
  private async store({ id, bytes, sha256: digest, sealed, uploader }: Upload): Promise<void> {
    let [plain, author] = [bytes, uploader]
    if (sealed !== null) {
      this.sealed.media++
      const open = (await unseal(sealed, `xunge media ${id}`)) as Record<string, string>
      const signed = `xunge media ${id} ${digest} ${open.author}`
      if (!(await this.verify(open.device ?? '', signed, open.signature ?? '')))
        throw new Error(`bad signature of ${id}`)
      const raw = Buffer.from(open.key ?? '', 'base64')
      const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt'])
      const algorithm = { name: 'AES-GCM', iv: bytes.slice(0, 12) }
      plain = new Uint8Array(
        await crypto.subtle.decrypt(algorithm, key, Uint8Array.from(bytes.slice(12))),
      )
      author = open.author ?? ''
    }
    if ((await sha256(plain)) !== digest) throw new Error(`bytes of ${id} do not fit their digest`)
    this.media.set(id, plain)
    this.authors.set(id, author)
    this.times.set(id, this.phone())
  }

  private async verify(device: string, body: string, signature: string): Promise<boolean> {
    const key = await crypto.subtle.importKey(
      'spki',
      Buffer.from(this.devices.get(device) ?? '', 'base64'),
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['verify'],
    )
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    return crypto.subtle.verify(algorithm, key, Buffer.from(signature, 'base64'), Buffer.from(body))
  }

  private async tus(request: Request, path: string): Promise<Response> {
    const headers = { 'tus-resumable': '1.0.0' }
    if (request.method === 'POST') {
      const meta = new Map(
        (request.headers.get('upload-metadata') ?? '').split(',').map((pair) => {
          const [key = '', value = ''] = pair.split(' ')
          return [key, Buffer.from(value, 'base64').toString()] as const
        }),
      )
      const length = Number(request.headers.get('upload-length'))
      const [id, digest] = [meta.get('id') ?? '', meta.get('sha256') ?? '']
      const url = `/api/uploads/${id}`
      const sealed = meta.get('sealed') ?? null
      const uploader = this.user ?? ''
      this.announced.push(id)
      if (!this.uploads.has(url))
        this.uploads.set(url, {
          ...{ length, bytes: new Uint8Array(), id, sha256: digest, sealed, uploader },
        })
      return new Response(null, { status: 201, headers: { ...headers, location: url } })
    }
    const upload = this.uploads.get(`/api${path}`)
    if (upload === undefined) return json({ code: 'unknown_upload', message: '没有' }, 404)
    if (request.method === 'PATCH') {
      if (Number(request.headers.get('upload-offset')) !== upload.bytes.length)
        return json({ code: 'offset', message: '位置不符' }, 409)
      const piece = new Uint8Array(await request.arrayBuffer())
      upload.bytes = Uint8Array.from([...upload.bytes, ...piece])
      if (upload.bytes.length === upload.length) await this.store(upload)
    }
    return new Response(null, {
      status: request.method === 'PATCH' ? 204 : 200,
      headers: {
        ...headers,
        'upload-offset': String(upload.bytes.length),
        'upload-length': String(upload.length),
      },
    })
  }
}

export function sessionOf(user: string): directory.SessionView {
  return {
    user,
    name: '网格员甲',
    post: '01890000-0000-7000-8000-0000000000b1',
    posts: [],
    org: 'O1',
    role: 'grid_worker',
    county: '330304',
    areas: ['330304'],
    categories: [],
    permissions: ['case.report'],
    buckets: [],
    device: '01890000-0000-7000-8000-0000000000d1',
    must_change_password: false,
    token: null,
    data_key: null,
    seal_key: SEAL_KEY,
    holding: { people: 'masked', days: 7, limit: 50_000, pin: false },
  }
}

async function body(request: Request): Promise<unknown> {
  const zipped = request.headers.get('content-encoding') === 'gzip'
  const bytes = await request.blob()
  if (!zipped) return JSON.parse(await bytes.text())
  return new Response(bytes.stream().pipeThrough(new DecompressionStream('gzip'))).json()
}

function json(value: unknown, status = 200, headers = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  })
}

async function sha256(data: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Uint8Array.from(data))).toString('hex')
}
