/** What the replica holds, in memory: documents by kind, members by bucket. The log replayed. */

import type { wire } from '@xunge/types'
import { type Block, BLOCK_SIZE, emptyBlock, entityKey, kindOf, linesOf } from './block'

const MANY = 200

export class Holding {
  private readonly kinds = new Map<string, Map<string, wire.Held>>()
  /** Versions by entity, by bucket. */
  private readonly buckets = new Map<string, Map<string, number>>()
  /** Entities that no bucket may hold any more. */
  private readonly loose = new Set<string>()
  private readonly sorted = new Map<string, unknown[]>()
  /** How many documents and members were written, in how many blocks, to come here. */
  private written = 0
  private blocksRead = 0

  get size(): number {
    let sum = 0
    for (const documents of this.kinds.values()) sum += documents.size
    return sum
  }

  get kindNames(): string[] {
    return [...this.kinds.keys()]
  }

  get bucketNames(): string[] {
    return [...this.buckets.keys()]
  }

  /** All of a kind in the order of their ids; the same array until one changes. */
  documents(kind: string): unknown[] {
    const known = this.sorted.get(kind)
    if (known !== undefined) return known
    const held = [...(this.kinds.get(kind)?.values() ?? [])]
    held.sort((one, other) => (one.id < other.id ? -1 : 1))
    const documents = held.map(({ document }) => document)
    this.sorted.set(kind, documents)
    return documents
  }

  held(kind: string): ReadonlyMap<string, wire.Held> {
    return this.kinds.get(kind) ?? new Map<string, wire.Held>()
  }

  members(bucket: string): ReadonlyMap<string, number> {
    return this.buckets.get(bucket) ?? new Map<string, number>()
  }

  /** Adds the ids of what changed to `changed`, by kind, if anybody asks. */
  apply(block: Block, changed: Map<string, Set<string>> | null): void {
    this.written += block.members.length + block.documents.length
    this.blocksRead++
    for (const { bucket, removed, version, ...entity } of block.members) {
      if (removed) this.leave(bucket, entityKey(entity))
      else this.enter(bucket, entityKey(entity), version)
    }
    for (const held of block.documents) {
      this.kindOf(held.kind).set(held.id, held)
      const entity = entityKey(held)
      if (block.bucket !== null) this.enter(block.bucket, entity, held.version)
      else if (this.places(entity) === 0) this.loose.add(entity)
      this.mark(held.kind, held.id, changed)
    }
    for (const bucket of block.dropped) {
      for (const entity of [...this.members(bucket).keys()]) this.leave(bucket, entity)
      this.buckets.delete(bucket)
    }
    for (const entity of block.orphans) {
      const kind = kindOf(entity)
      const id = entity.slice(kind.length + 1)
      this.kinds.get(kind)?.delete(id)
      this.loose.delete(entity)
      this.mark(kind, id, changed)
    }
  }

  /** Keys of the documents that no bucket would hold, were `block` applied. */
  orphansAfter({ members, dropped }: Pick<Block, 'members' | 'dropped'>): string[] {
    const leaving = new Map<string, number>()
    const gone = new Set(dropped)
    const lose = (entity: string): void => {
      leaving.set(entity, (leaving.get(entity) ?? 0) + 1)
    }
    for (const member of members)
      if (!gone.has(member.bucket) && this.members(member.bucket).has(entityKey(member)))
        lose(entityKey(member))
    for (const bucket of gone) for (const entity of this.members(bucket).keys()) lose(entity)
    for (const entity of this.loose) if (!leaving.has(entity)) leaving.set(entity, 0)
    return [...leaving]
      .filter(([entity, times]) => this.places(entity) <= times && this.has(entity))
      .map(([entity]) => entity)
  }

  /** `<id> <version>` lines of a bucket's members in the order of their ids (PROTOCOL 5). */
  checksumText(bucket: string): string {
    const lines = [...this.members(bucket)].map(
      ([entity, version]) => `${entity.slice(entity.indexOf('/') + 1)} ${version}\n`,
    )
    return lines.sort().join('')
  }

  /** Worth writing anew: half of it is dead, or it lies about in small pieces. */
  get wasteful(): boolean {
    let live = this.size
    for (const members of this.buckets.values()) live += members.size
    return this.written > 2 * live + MANY || this.blocksRead > MANY + live / 50
  }

  /** All of it again as blocks, each of documents of one bucket. */
  *blocks(): Generator<{ block: Block; lines: string[] }> {
    const homes = new Map<string, string>()
    for (const [bucket, members] of this.buckets)
      for (const [entity, version] of members)
        if (!homes.has(entity) && this.find(entity)?.version === version) homes.set(entity, bucket)
    for (const [bucket, members] of this.buckets) {
      let block: Block = { ...emptyBlock, bucket, members: [], documents: [] }
      let lines: string[] = []
      let size = 0
      for (const [entity, version] of members) {
        const held = homes.get(entity) === bucket ? this.find(entity) : undefined
        if (held === undefined) {
          const kind = kindOf(entity)
          const id = entity.slice(kind.length + 1)
          block.members.push({ bucket, kind, id, version, removed: false })
          size += 150
        } else {
          const [line = ''] = linesOf([held])
          block.documents.push(held)
          lines.push(line)
          size += line.length
        }
        if (size < BLOCK_SIZE) continue
        yield { block, lines }
        block = { ...emptyBlock, bucket, members: [], documents: [] }
        lines = []
        size = 0
      }
      if (block.members.length + block.documents.length > 0) yield { block, lines }
    }
  }

  private has(entity: string): boolean {
    return this.find(entity) !== undefined
  }

  private find(entity: string): wire.Held | undefined {
    const kind = kindOf(entity)
    return this.kinds.get(kind)?.get(entity.slice(kind.length + 1))
  }

  private kindOf(kind: string): Map<string, wire.Held> {
    const found = this.kinds.get(kind) ?? new Map<string, wire.Held>()
    this.kinds.set(kind, found)
    return found
  }

  private enter(bucket: string, entity: string, version: number): void {
    const members = this.buckets.get(bucket) ?? new Map<string, number>()
    this.buckets.set(bucket, members)
    members.set(entity, version)
    if (this.loose.size > 0) this.loose.delete(entity)
  }

  private leave(bucket: string, entity: string): void {
    if (this.buckets.get(bucket)?.delete(entity) !== true) return
    if (this.places(entity) === 0 && this.has(entity)) this.loose.add(entity)
  }

  /** How many buckets hold an entity. Asked for seldom, and kept for none: there are few buckets. */
  private places(entity: string): number {
    let places = 0
    for (const members of this.buckets.values()) if (members.has(entity)) places++
    return places
  }

  private mark(kind: string, id: string, changed: Map<string, Set<string>> | null): void {
    this.sorted.delete(kind)
    if (changed === null) return
    const ids = changed.get(kind) ?? new Set<string>()
    changed.set(kind, ids)
    ids.add(id)
  }
}
