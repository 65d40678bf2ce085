/**
 * The replica on disk: an append-only log of encrypted blocks, and what they amount to in memory. Each
 * tab has a memory of its own, and reads what others appended. Memory never runs ahead of the disk.
 */

import { type Block, bound, decodeBlock, encodeBlock, entityKey, kindOf, linesOf } from './block'
import { Holding } from './holding'
import {
  type Crypt,
  type Keys,
  metaRecord,
  readMeta,
  type Storage,
  type Transaction,
} from './ports'
import type { BlockRecord, LogHead, StoreName } from './records'
import type { Vault } from './vault'
import { dropBlocks, isReference } from './wipe'

type Lane = 'blocks' | 'reference'

/** Ids of what changed, by kind; null: anything may have. */
export type Changes = Map<string, Set<string>> | null

/** A block to be; `lines` are its documents as JSON when they came so. */
export interface Draft {
  block: Block
  lines?: string[]
}

const AHEAD = 8
const STORES: StoreName[] = ['blocks', 'reference', 'meta']

export class Log {
  holding = new Holding()
  private life = ''
  /** The number of the last block in memory. */
  private position = 0
  /** Whether the memory lacks what was locked when it was read. */
  private partial = false
  private loaded = false
  private readonly openKinds = new Set<string>()
  private last: Promise<unknown> = Promise.resolve()

  /** `seen` is told what changed in this tab's memory. */
  constructor(
    private readonly storage: Storage,
    private readonly keys: Keys,
    private readonly crypt: Crypt,
    private readonly vault: Vault,
    private readonly seen: (changes: Changes) => void,
  ) {}

  /** Brings the memory to what is on disk. */
  async read(): Promise<void> {
    return this.inTurn(() => this.catchUp())
  }

  /**
   * Appends, together with what `also` writes. False, and nothing is written, when `also` says so or the
   * disk is no longer what this tab has read.
   */
  async append(
    drafts: Draft[],
    also: (t: Transaction, head: LogHead) => Promise<boolean>,
  ): Promise<boolean> {
    return this.inTurn(async () => {
      const parts = drafts.flatMap((draft) => this.lanes(draft))
      const records = await this.encrypt(parts, this.position)
      if (records === null) return false
      const life = this.life === '' ? this.newLife() : this.life
      const done = await this.storage.run('write', STORES, async (t) => {
        const known = await readMeta(t, 'log')
        const head = known ?? { life, base: 1, next: 1, whole: 0 }
        if (head.life !== life || head.next !== this.position + 1) return false
        const grown = { ...head, next: head.next + records.length }
        if (!(await also(t, grown))) return false
        for (const { lane, record } of records) await t.put(lane, [record])
        await t.put('meta', [metaRecord('log', grown)])
        return true
      })
      if (!done) return false
      this.life = life
      this.position += records.length
      const changes = new Map<string, Set<string>>()
      for (const { lane, draft } of parts) this.take(lane, draft.block, changes)
      if (changes.size > 0) this.seen(changes)
      return true
    })
  }

  /** Writes anew what still counts, when much no longer does; not what a pull cut short has left. */
  async compact(force: boolean): Promise<void> {
    return this.inTurn(async () => {
      if (!(force || this.holding.wasteful) || this.partial || this.position === 0) return
      const parts = [...this.holding.blocks()].map((draft) => ({
        lane: laneOf(draft.block.bucket),
        draft,
      }))
      const records = await this.encrypt(parts, this.position)
      if (records === null) return
      const next = this.position + 1 + records.length
      const done = await this.storage.run('write', STORES, async (t) => {
        const head = await readMeta(t, 'log')
        if (head?.life !== this.life || head.next !== this.position + 1) return false
        if (head.whole !== this.position) return false
        await t.clear('blocks')
        await t.clear('reference')
        for (const { lane, record } of records) await t.put(lane, [record])
        const base = this.position + 1
        await t.put('meta', [metaRecord('log', { life: this.life, base, next, whole: next - 1 })])
        return true
      })
      if (!done) return
      this.position = next - 1
      const fresh = new Holding()
      for (const { draft } of parts) fresh.apply(draft.block, null)
      this.holding = fresh
    })
  }

  /** Takes back every block after the last whole pull. */
  async revert(): Promise<void> {
    await this.inTurn(async () => {
      await this.storage.run('write', STORES, async (t) => {
        const head = await readMeta(t, 'log')
        if (head === undefined) return
        for (const lane of ['blocks', 'reference'] as const) {
          const late = await t.after(lane, keyOf(head.whole))
          await t.remove(
            lane,
            late.map(({ key }) => key),
          )
        }
        await t.remove('meta', ['taken'])
        const { base, whole } = head
        await t.put('meta', [
          metaRecord('log', { life: this.newLife(), base, next: whole + 1, whole }),
        ])
      })
      await this.catchUp()
    })
  }

  /** Works one after another: each sees the memory as the one before it left it. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work, work)
    this.last = mine.catch(() => undefined)
    return mine
  }

  private async catchUp(): Promise<void> {
    const keys = this.vault.keysOfStores
    const turned = this.partial !== (keys.blocks === null)
    const { head, from, found } = await this.storage.run('read', STORES, async (t) => {
      const head = await readMeta(t, 'log')
      const known = head?.life === this.life && this.position >= head.base - 1 && !turned
      const from = known ? this.position : 0
      if (head === undefined || head.next === from + 1) return { head, from, found: [] }
      const after = async (lane: Lane): Promise<{ lane: Lane; record: BlockRecord }[]> =>
        keys[lane] === null
          ? []
          : (await t.after(lane, keyOf(from))).map((record) => ({ lane, record }))
      return { head, from, found: [...(await after('reference')), ...(await after('blocks'))] }
    })
    const whole = from === 0
    const same = (head?.life ?? '') === this.life && (head?.next ?? 1) === this.position + 1
    if (this.loaded && same && !(turned && head)) return
    found.sort((one, other) => (one.record.key < other.record.key ? -1 : 1))
    if (whole) this.openKinds.clear()
    const holding = whole ? new Holding() : this.holding
    const changes = new Map<string, Set<string>>()
    // Deciphering runs beside: the next ones are on their way while one is decoded.
    const decrypt = (index: number): Promise<Uint8Array<ArrayBuffer> | null> | null => {
      const next = found[index]
      if (next === undefined) return null
      return this.crypt.decrypt(
        keys[next.lane],
        next.record.bytes,
        bound(next.lane, next.record.key),
      )
    }
    const plain = Array.from({ length: AHEAD }, (_, index) => decrypt(index))
    for (const [index, { lane }] of found.entries()) {
      plain.push(decrypt(index + AHEAD))
      const bytes = await plain.shift()
      // The key changed under our hands, or the disk is damaged: what was pulled is pulled anew.
      if (!bytes) return this.discard(head, keys)
      this.take(lane, decodeBlock(bytes), whole ? null : changes, holding)
    }
    this.loaded = true
    this.life = head?.life ?? ''
    this.position = (head?.next ?? 1) - 1
    this.partial = keys.blocks === null && head !== undefined
    this.holding = holding
    this.seen(whole ? null : changes)
  }

  /** Unreadable blocks are of no use, unless another tab has put them there under another key. */
  private async discard(read: LogHead | undefined, keys: Vault['keysOfStores']): Promise<void> {
    await this.vault.load()
    const now = this.vault.keysOfStores
    if (now.blocks === keys.blocks && now.reference === keys.reference)
      await this.storage.run('write', STORES, async (t) => {
        const head = await readMeta(t, 'log')
        if (head?.life === read?.life && head?.next === read?.next) await dropBlocks(t)
      })
    await this.catchUp()
  }

  private take(
    lane: Lane,
    block: Block,
    changes: Map<string, Set<string>> | null,
    holding = this.holding,
  ): void {
    if (lane === 'reference') for (const { kind } of block.documents) this.openKinds.add(kind)
    holding.apply(block, changes)
  }

  /** Null when the store was locked or wiped meanwhile. */
  private async encrypt(
    parts: { lane: Lane; draft: Draft }[],
    after: number,
  ): Promise<{ lane: Lane; record: BlockRecord }[] | null> {
    const keys = this.vault.keysOfStores
    if (parts.some(({ lane }) => keys[lane] === null)) return null
    return Promise.all(
      parts.map(async ({ lane, draft: { block, lines } }, index) => {
        const key = keyOf(after + 1 + index)
        const text = encodeBlock(block, lines ?? linesOf(block.documents))
        const bytes = await this.crypt.encrypt(keys[lane], text, bound(lane, key))
        return { lane, record: { key, bytes } }
      }),
    )
  }

  /** The city's tables apart from the rest: each under its own key. */
  private lanes(draft: Draft): { lane: Lane; draft: Draft }[] {
    const { block } = draft
    if (block.bucket !== null) return [{ lane: laneOf(block.bucket), draft }]
    const open = new Set(
      block.members.filter(({ bucket }) => isReference(bucket)).map((member) => entityKey(member)),
    )
    const part = (lane: Lane): { lane: Lane; draft: Draft } => {
      const mine = (bucket: string): boolean => laneOf(bucket) === lane
      return {
        lane,
        draft: {
          block: {
            bucket: null,
            members: block.members.filter(({ bucket }) => mine(bucket)),
            dropped: block.dropped.filter(mine),
            orphans: block.orphans.filter(
              (entity) => this.openKinds.has(kindOf(entity)) === (lane === 'reference'),
            ),
            documents: block.documents.filter(
              (held) => open.has(entityKey(held)) === (lane === 'reference'),
            ),
          },
        },
      }
    }
    return [part('reference'), part('blocks')].filter(
      ({ draft: { block: b } }) =>
        b.members.length + b.dropped.length + b.orphans.length + b.documents.length > 0,
    )
  }

  private newLife(): string {
    return Array.from(this.keys.random(8), (byte) => byte.toString(16).padStart(2, '0')).join('')
  }
}

function laneOf(bucket: string | null): Lane {
  return bucket !== null && isReference(bucket) ? 'reference' : 'blocks'
}

function keyOf(number: number): string {
  return String(number).padStart(12, '0')
}
