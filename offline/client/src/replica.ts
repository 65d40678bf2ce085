/** Others' data as this device may hold it: documents, each in one or more buckets. */

import type { directory } from '@xunge/types'
import type { Changes, Log } from './log'
import { DeviceError } from './errors'
import { type Observable, Source } from './observable'
import { readMeta } from './ports'
import { type Progress, pullOnce, type PullParts } from './pull'
import type { SyncPoint } from './records'
import { Search, type Searched } from './search'
import type { Vault } from './vault'

const DAY_MS = 24 * 60 * 60 * 1000
const INDEX_MS = 500
/** A pull that was refused for its size is not tried again each minute. */
const REFUSED_MS = 60 * 60 * 1000

export interface ReplicaState {
  /** False until what is kept here was read for the first time. */
  ready: boolean
  /** A pull under way. */
  progress: Progress | null
  /** Why there is less here than there should be, in words for people. */
  trouble: string | null
}

export class Replica {
  private readonly watchers = new Set<(kinds: Set<string> | null) => void>()
  private readonly source = new Source<ReplicaState>({
    ready: false,
    progress: null,
    trouble: null,
  })
  private readonly search: Search
  private checked = false
  private refused: { at: number; user: string } | null = null

  /** `told` is called after a pull, for the other tabs. */
  constructor(
    private readonly log: Log,
    private readonly vault: Vault,
    private readonly parts: Omit<PullParts, 'log' | 'progress'>,
    private readonly told: () => void,
    searched: Searched,
  ) {
    this.search = new Search(searched, (kind) => log.holding.held(kind))
  }

  get state(): Observable<ReplicaState> {
    return this.source
  }

  /** How many documents are here. */
  get size(): number {
    return this.log.holding.size
  }

  /** Every document of a kind, in the order of their ids; the same array until one changes. */
  documents(kind: string): readonly unknown[] {
    return this.log.holding.documents(kind)
  }

  document(kind: string, id: string): unknown {
    return this.log.holding.held(kind).get(id)?.document ?? null
  }

  /** Documents with every word of `query` somewhere in what is searched of their kind. */
  find(kind: string, query: string, limit = 50): unknown[] {
    return this.search.find(kind, query, limit)
  }

  /** Whether `find` would find a document that is not here. */
  matches(kind: string, document: unknown, query: string): boolean {
    return this.search.matches(kind, document, query)
  }

  /** Calls `see` after documents of one of `kinds` may have changed, in whichever tab. */
  subscribe(kinds: string[], see: () => void): () => void {
    const watch = (changed: Set<string> | null): void => {
      if (changed === null || kinds.some((kind) => changed.has(kind))) see()
    }
    this.watchers.add(watch)
    return () => this.watchers.delete(watch)
  }

  /** Brings this tab's memory to what is on disk. */
  async read(): Promise<void> {
    await this.log.read()
    if (this.source.value.ready) return
    this.show({ ready: true })
    // Before somebody asks, and after the first screen is there.
    for (const [place, kind] of this.search.kinds.entries())
      this.parts.clock.after((place + 1) * INDEX_MS, () => this.search.prepare(kind))
  }

  /** What the log saw change. */
  changed(changes: Changes): void {
    this.search.change(changes)
    const kinds = changes && new Set(changes.keys())
    for (const watch of this.watchers) watch(kinds)
  }

  async syncPoint(): Promise<SyncPoint | null> {
    const { storage } = this.parts
    return storage.run('read', ['meta'], async (t) => (await readMeta(t, 'sync')) ?? null)
  }

  /**
   * Brings the replica to what the service has now; not while it is locked, or a PIN is asked
   * for and not yet set. Throws Unavailable and ApiError.
   */
  async pull({ user, holding }: directory.SessionView): Promise<void> {
    const { clock } = this.parts
    if (this.refused?.user === user && clock.now() - this.refused.at < REFUSED_MS) return
    await this.vault.ensure()
    const { key, pin } = this.vault.state.value
    if (key !== 'open' || (holding.pin && !pin)) return
    await this.read()
    try {
      const checked = (await this.syncPoint())?.checked_at ?? 0
      const check = !this.checked || clock.now() - checked >= DAY_MS
      const differing = await this.pullOnce(check)
      const again = differing.length > 0 ? await this.pullOnce(true) : []
      this.checked = true
      this.refused = null
      await this.compact()
      if (check || this.source.value.trouble !== words.differs)
        this.show({ trouble: again.length > 0 ? words.differs : null })
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error
      if (error.code === 'too_many') this.refused = { at: clock.now(), user }
      this.show({ trouble: error.message })
    } finally {
      this.show({ progress: null })
      this.told()
    }
  }

  /** Writes the log anew when much of it is dead weight, or at once. */
  async compact(force = false): Promise<void> {
    await this.log.compact(force)
  }

  private pullOnce(check: boolean): Promise<string[]> {
    const progress = (now: Progress): void => {
      this.show({ progress: now })
      this.told()
    }
    return pullOnce({ ...this.parts, log: this.log, progress }, check)
  }

  private show(part: Partial<ReplicaState>): void {
    this.source.set({ ...this.source.value, ...part })
  }
}

const words = {
  differs: '本机资料与服务器核对不一致，请退出登录后重新登录，以便整份取回',
} as const
