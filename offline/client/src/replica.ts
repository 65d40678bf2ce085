/** Others' data as this device may hold it: documents, each in one or more buckets. */

import type { wire } from '@xunge/types'
import { ApiError } from './errors'
import type { Http } from './http'
import { clockOffset } from './offset'
import { type Clock, metaRecord, readMeta, type Storage, type Transaction } from './ports'
import type { DocumentRecord, MemberRecord, SyncPoint } from './records'

/** Up to here asking for each is cheaper than reading all. */
const FEW = 200
const STORES = ['documents', 'members', 'meta'] as const

export class Replica {
  private readonly watchers = new Set<(kinds: Set<string>) => void>()

  /** `told` is called with the kinds that a pull changed, for the other tabs. */
  constructor(
    private readonly storage: Storage,
    private readonly http: Http,
    private readonly clock: Clock,
    private readonly told: (kinds: string[]) => void,
  ) {}

  async documents<T>(kind: string): Promise<T[]> {
    const records = await this.storage.run('read', ['documents'], (t) =>
      t.list('documents', 'kind', kind),
    )
    return records.map(({ document }) => document as T)
  }

  async document<T>(kind: string, id: string): Promise<T | null> {
    const key = entityKey({ kind, id })
    const record = await this.storage.run('read', ['documents'], (t) => t.get('documents', key))
    return (record?.document ?? null) as T | null
  }

  /** Calls `see` after documents of one of `kinds` changed, in whichever tab. */
  subscribe(kinds: string[], see: () => void): () => void {
    const watch = (changed: Set<string>): void => {
      if (kinds.some((kind) => changed.has(kind))) see()
    }
    this.watchers.add(watch)
    return () => this.watchers.delete(watch)
  }

  /** Tells this tab's watchers. */
  notify(kinds: Iterable<string>): void {
    const changed = new Set(kinds)
    for (const watch of this.watchers) watch(changed)
  }

  async syncPoint(): Promise<SyncPoint | null> {
    return this.storage.run('read', ['meta'], async (t) => (await readMeta(t, 'sync')) ?? null)
  }

  /** Brings the replica to what the server has now. Throws Unavailable and ApiError. */
  async pull(): Promise<void> {
    const from = await this.syncPoint()
    try {
      await this.pullFrom(from)
    } catch (error) {
      if (from === null || !(error instanceof ApiError && error.code === 'bad_cursor')) throw error
      await this.storage.run('write', ['meta'], (t) => t.remove('meta', ['sync']))
      await this.pullFrom(null)
    }
  }

  private async pullFrom(from: SyncPoint | null): Promise<void> {
    const session = await this.storage.run('read', ['meta'], (t) => readMeta(t, 'session'))
    const whole = new Whole()
    for (let page: string | null = null; ;) {
      const request: wire.PullRequest = {
        cursor: from?.cursor ?? null,
        epoch: from?.epoch ?? null,
        buckets: from?.buckets ?? [],
        page,
        check: false,
        snapshots: false,
      }
      const asked = this.clock.now()
      const answer = await this.http.request<wire.PullResponse>('POST', '/sync/pull', request)
      const offset = clockOffset(answer.server_time, asked, this.clock.now())
      const changed = await this.storage.run('write', [...STORES], async (t) => {
        const [point, now] = [await readMeta(t, 'sync'), await readMeta(t, 'session')]
        // Another tab pulled, or the user left, while this page was on its way.
        if (point?.cursor !== from?.cursor || now?.view?.user !== session?.view?.user) return null
        const kinds = await apply(t, answer, whole, page === null)
        await t.put('meta', [metaRecord('clock_offset_ms', offset)])
        if (answer.page !== null) return kinds
        for (const kind of await finish(t, whole)) kinds.add(kind)
        await t.put('meta', [metaRecord('sync', this.pointOf(answer, whole.allowed))])
        return kinds
      })
      if (changed === null) return
      this.notify(changed)
      this.told([...changed])
      if (answer.page === null) return
      page = answer.page
    }
  }

  private pointOf({ cursor, epoch }: wire.PullResponse, buckets: string[]): SyncPoint {
    return { cursor, epoch, buckets, at: this.clock.now() }
  }
}

/** What must be remembered over the pages of one pull. */
class Whole {
  /** Member keys of fresh buckets that were named. */
  readonly named = new Set<string>()
  readonly fresh = new Set<string>()
  /** Buckets that every page allowed: one withdrawn and given again between pages has holes. */
  allowed: string[] = []
  /** Entities that lost a place, and may have lost their last. */
  readonly loosened = new Set<string>()
}

async function apply(
  t: Transaction,
  answer: wire.PullResponse,
  whole: Whole,
  first: boolean,
): Promise<Set<string>> {
  for (const bucket of answer.fresh) whole.fresh.add(bucket)
  whole.allowed = first ? answer.buckets : whole.allowed.filter((b) => answer.buckets.includes(b))
  const touched = new Set(await readMeta(t, 'touched'))
  if (answer.buckets.some((bucket) => !touched.has(bucket)))
    await t.put('meta', [metaRecord('touched', [...touched, ...answer.buckets])])
  const kept: MemberRecord[] = []
  const gone: string[] = []
  for (const member of answer.members) {
    const entity = entityKey(member)
    const key = `${member.bucket} ${entity}`
    if (member.removed) {
      gone.push(key)
      whole.named.delete(key)
      whole.loosened.add(entity)
    } else {
      kept.push({ key, bucket: member.bucket, entity })
      whole.named.add(key)
    }
  }
  await t.remove('members', gone)
  await t.put('members', kept)
  const records = answer.documents.map(({ kind, id, version, document }): DocumentRecord => ({
    key: entityKey({ kind, id }),
    kind,
    id,
    version,
    document,
  }))
  await t.put('documents', records)
  return new Set(records.map(({ kind }) => kind))
}

/** Drops buckets that may no longer be held, what fresh ones no longer name, and then every
 * document that no bucket holds. Returns the kinds it removed.
 */
async function finish(t: Transaction, whole: Whole): Promise<string[]> {
  const allowed = new Set(whole.allowed)
  const touched = (await readMeta(t, 'touched')) ?? []
  for (const bucket of new Set([...touched, ...whole.fresh])) {
    if (allowed.has(bucket) && !whole.fresh.has(bucket)) continue
    const stale = (await t.list('members', 'bucket', bucket)).filter(
      ({ key }) => !allowed.has(bucket) || !whole.named.has(key),
    )
    for (const { entity } of stale) whole.loosened.add(entity)
    await t.remove(
      'members',
      stale.map(({ key }) => key),
    )
  }
  await t.put('meta', [metaRecord('touched', whole.allowed)])
  const orphans = await homeless(t, [...whole.loosened])
  await t.remove('documents', orphans)
  return orphans.map((entity) => entity.slice(0, entity.indexOf('/')))
}

/** Those of `entities` that no bucket holds. */
async function homeless(t: Transaction, entities: string[]): Promise<string[]> {
  if (entities.length > FEW) {
    const held = new Set((await t.list('members')).map(({ entity }) => entity))
    return entities.filter((entity) => !held.has(entity))
  }
  const places = await Promise.all(entities.map((entity) => t.list('members', 'entity', entity)))
  return entities.filter((_, index) => places[index]?.length === 0)
}

function entityKey({ kind, id }: { kind: string; id: string }): string {
  return `${kind}/${id}`
}
