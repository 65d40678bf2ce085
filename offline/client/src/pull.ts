/** One whole pull: its pages, then the files of large buckets, then what no longer belongs here. */

import type { wire } from '@xunge/types'
import { type Block, emptyBlock, entityKey, kindOf } from './block'
import { ApiError, DeviceError, Unavailable } from './errors'
import type { Http } from './http'
import type { Draft, Log } from './log'
import { measure } from './offset'
import {
  type Clock,
  type Keys,
  metaRecord,
  readMeta,
  type Storage,
  type Transaction,
} from './ports'
import type { LogHead, MetaRecord, SyncPoint } from './records'
import { canUnzip, pieces } from './snapshot'

/** How far a pull is. Bytes are those of files alone, whose sizes are known beforehand. */
export interface Progress {
  /** Nothing was here before. */
  first: boolean
  documents: number
  bytes: number
  bytes_total: number
}

export interface PullParts {
  storage: Storage
  http: Http
  keys: Keys
  clock: Clock
  log: Log
  progress: (progress: Progress) => void
}

/** The disk was changed by someone else while this pull was under way. */
class Overtaken extends Error {}

/** A file that is gone, or is not what was announced. */
class NoFile extends Error {}

/**
 * Brings the replica to what the service has now, and resolves to the buckets whose checksums differ;
 * they come fresh with the next pull. Throws Unavailable, ApiError, and DeviceError `too_many`, after
 * which the replica is as it was.
 */
export async function pullOnce(parts: PullParts, check: boolean): Promise<string[]> {
  const { storage, log } = parts
  const point = await storage.run('read', ['meta'], (t) => readMeta(t, 'sync'))
  let [from, snapshots] = [point ?? null, canUnzip()]
  for (;;) {
    try {
      return await new Pull(parts, from, snapshots, check).run()
    } catch (error) {
      if (error instanceof NoFile) snapshots = false
      else if (from?.cursor && error instanceof ApiError && error.code === 'bad_cursor') {
        const anew: SyncPoint = { ...from, cursor: null, buckets: [] }
        await storage.run('write', ['meta'], (t) => t.put('meta', [metaRecord('sync', anew)]))
        from = anew
      } else if (error instanceof Overtaken) {
        await log.read()
        return []
      } else {
        if (error instanceof DeviceError && error.code === 'too_many') await log.revert()
        throw error
      }
    }
  }
}

class Pull {
  private user = ''
  private limit = Infinity
  /** Members of fresh buckets that were named, by bucket. */
  private readonly named = new Map<string, Set<string>>()
  /** Members that a page named or removed, by bucket that comes as a file: pages are newer. */
  private readonly mentioned = new Map<string, Set<string>>()
  /** Buckets that every page allowed: one withdrawn and given again between pages has holes. */
  private allowed: string[] = []
  private files: wire.Snapshot[] = []
  private readonly done: Progress

  constructor(
    private readonly parts: PullParts,
    private readonly from: SyncPoint | null,
    private readonly snapshots: boolean,
    private readonly check: boolean,
  ) {
    this.done = { first: from === null, documents: 0, bytes: 0, bytes_total: 0 }
  }

  async run(): Promise<string[]> {
    const session = await this.parts.storage.run('read', ['meta'], (t) => readMeta(t, 'session'))
    this.user = session?.view?.user ?? ''
    this.limit = session?.view?.holding.limit ?? Infinity
    const last = await this.takePages()
    for (const file of this.files) await this.takeFile(file, last.epoch)
    await this.finish(last)
    return last.checksums === null ? [] : this.compare(last.checksums)
  }

  /** Pages first: small buckets are here before the large ones begin. Returns the last one. */
  private async takePages(): Promise<wire.PullResponse> {
    const { http, clock } = this.parts
    let reset: wire.PullResponse['reset'] = null
    for (let page: string | null = null; ;) {
      const request: wire.PullRequest = {
        cursor: this.from?.cursor ?? null,
        epoch: this.from?.epoch ?? null,
        buckets: this.from?.buckets ?? [],
        page,
        check: this.check,
        snapshots: this.snapshots,
      }
      const asked = clock.now()
      const answer = await http.request<wire.PullResponse>('POST', '/sync/pull', request)
      const answered = clock.now()
      await this.parts.storage.run('write', ['meta'], (t) =>
        measure(t, answer.server_time, asked, answered),
      )
      if (page === null) this.begin(answer)
      this.allowed = this.allowed.filter((bucket) => answer.buckets.includes(bucket))
      reset ??= answer.reset
      await this.takePage(answer)
      if (answer.page === null) return { ...answer, reset }
      page = answer.page
    }
  }

  private begin(answer: wire.PullResponse): void {
    this.allowed = answer.buckets
    this.files = this.snapshots ? answer.snapshots : []
    for (const { bucket, documents, bytes } of this.files) {
      if (documents > this.limit) throw tooMany(this.limit)
      this.done.bytes_total += bytes
      this.mentioned.set(bucket, new Set())
    }
  }

  private async takePage(answer: wire.PullResponse): Promise<void> {
    for (const bucket of answer.fresh)
      if (!this.named.has(bucket)) this.named.set(bucket, new Set())
    for (const member of answer.members) {
      const [named, entity] = [this.named.get(member.bucket), entityKey(member)]
      if (member.removed) named?.delete(entity)
      else named?.add(entity)
      this.mentioned.get(member.bucket)?.add(entity)
    }
    const { members, documents } = answer
    const block = { ...emptyBlock, members, documents }
    await this.keep({ block }, [])
  }

  private async takeFile(file: wire.Snapshot, epoch: string): Promise<void> {
    const { storage, http, keys, log } = this.parts
    const { bucket, id } = file
    const named = this.named.get(bucket) ?? new Set()
    this.named.set(bucket, named)
    const mentioned = this.mentioned.get(bucket)
    const taken = await storage.run('read', ['meta'], (t) => readMeta(t, 'taken'))
    const before = taken?.epoch === epoch ? taken.snapshots : {}
    if (before[bucket] === id) {
      for (const entity of log.holding.members(bucket).keys()) named.add(entity)
      this.done.bytes += file.bytes
      return
    }
    const sums: string[] = []
    const read = (bytes: number): void => {
      this.done.bytes += bytes
    }
    try {
      const stream = await http.stream(`/sync/snapshots/${id}`)
      for await (const { lines, documents } of pieces(stream, file, read)) {
        for (const { id: entity, version } of documents) sums.push(`${entity} ${version}\n`)
        const kept = documents.map((held) => mentioned?.has(entityKey(held)) !== true)
        const block: Block = {
          ...emptyBlock,
          bucket,
          documents: documents.filter((_, index) => kept[index]),
        }
        for (const held of block.documents) named.add(entityKey(held))
        await this.keep({ block, lines: lines.filter((_, index) => kept[index]) })
      }
    } catch (error) {
      // Anything else is a file that is gone, or cannot be unzipped or read.
      const gone = error instanceof ApiError && error.status === 404
      const told = [ApiError, Unavailable, DeviceError, Overtaken]
      if (!gone && told.some((kind) => error instanceof kind)) throw error
      throw new NoFile()
    }
    const text = new TextEncoder().encode(sums.sort().join(''))
    if (sums.length !== file.documents || (await keys.sha256(text)) !== file.checksum)
      throw new NoFile()
    const snapshots = { ...before, [bucket]: id }
    await this.keep(null, [metaRecord('taken', { epoch, snapshots })])
  }

  /** Drops what fresh buckets no longer name, buckets that may not be held, and what was only there. */
  private async finish(last: wire.PullResponse): Promise<void> {
    const { clock, log } = this.parts
    const { holding } = log
    const allowed = new Set(this.allowed)
    const dropped = holding.bucketNames.filter((bucket) => !allowed.has(bucket))
    const members: wire.Member[] = []
    for (const [bucket, named] of this.named) {
      if (!allowed.has(bucket)) continue
      for (const [entity, version] of holding.members(bucket)) {
        if (named.has(entity)) continue
        const kind = kindOf(entity)
        members.push({ bucket, kind, id: entity.slice(kind.length + 1), version, removed: true })
      }
    }
    const orphans = holding.orphansAfter({ members, dropped })
    const { epoch, cursor, reset } = last
    const now = clock.now()
    const checked_at = reset === 'epoch' ? 0 : (this.from?.checked_at ?? 0)
    const sync: SyncPoint = { cursor, epoch, buckets: this.allowed, at: now, checked_at }
    const block = { ...emptyBlock, members, dropped, orphans }
    await this.append([{ block }], async (t, head) => {
      await t.put('meta', [
        metaRecord('sync', sync),
        metaRecord('heard', { answered: now, seen: now }),
      ])
      await t.remove('meta', ['taken'])
      head.whole = head.next - 1
    })
  }

  /** Lets the buckets that differ come fresh next time, and returns them. */
  private async compare(checksums: Record<string, string>): Promise<string[]> {
    const { storage, keys, log, clock } = this.parts
    const differing: string[] = []
    for (const bucket of this.allowed) {
      const text = new TextEncoder().encode(log.holding.checksumText(bucket))
      const told = checksums[bucket]
      if (told !== undefined && told !== (await keys.sha256(text))) differing.push(bucket)
    }
    const checked_at = clock.now()
    await storage.run('write', ['meta'], async (t) => {
      const sync = await readMeta(t, 'sync')
      if (sync === undefined) return
      const buckets = sync.buckets.filter((bucket) => !differing.includes(bucket))
      await t.put('meta', [metaRecord('sync', { ...sync, buckets, checked_at })])
    })
    return differing
  }

  private async keep(draft: Draft | null, also: MetaRecord[] = []): Promise<void> {
    await this.append(draft === null ? [] : [draft], (t) => t.put('meta', also))
    this.done.documents += draft?.block.documents.length ?? 0
    this.parts.progress({ ...this.done })
    if (this.parts.log.holding.size > this.limit) throw tooMany(this.limit)
  }

  /** Throws Overtaken when another tab pulled, or the user left, while this was on its way. */
  private async append(
    drafts: Draft[],
    also: (t: Transaction, head: LogHead) => Promise<void>,
  ): Promise<void> {
    const done = await this.parts.log.append(drafts, async (t, head) => {
      const [point, now] = [await readMeta(t, 'sync'), await readMeta(t, 'session')]
      if (point?.cursor !== this.from?.cursor || now?.view?.user !== this.user) return false
      await also(t, head)
      return true
    })
    if (!done) throw new Overtaken()
  }
}

function tooMany(limit: number): DeviceError {
  const words = `本岗位的资料超过本机允许的 ${limit} 份，没有下载；请联系管理员缩小管辖范围或改用电脑`
  return new DeviceError('too_many', words)
}
