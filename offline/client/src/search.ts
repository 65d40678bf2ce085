/** Finds documents by any part of a name, number or address, among tens of thousands at once. */

import type { wire } from '@xunge/types'

/** What of a document is searched. */
export type Searched = Record<string, (document: never) => readonly (string | null | undefined)[]>

/** So many changed documents are looked through one by one before the index is made anew. */
const STALE = 300

/** One string of all texts, in which the machine's own search is fast. */
interface Index {
  text: string
  starts: number[]
  entries: wire.Held[]
  stale: Set<string>
}

export class Search {
  private readonly indexes = new Map<string, Index>()

  constructor(
    private readonly searched: Searched,
    private readonly held: (kind: string) => ReadonlyMap<string, wire.Held>,
  ) {}

  get kinds(): string[] {
    return Object.keys(this.searched)
  }

  /** What changed, by kind; null: everything. */
  change(changes: ReadonlyMap<string, ReadonlySet<string>> | null): void {
    if (changes === null) this.indexes.clear()
    for (const [kind, ids] of changes ?? []) {
      const index = this.indexes.get(kind)
      if (index === undefined) continue
      for (const id of ids) index.stale.add(id)
      if (index.stale.size > STALE) this.indexes.delete(kind)
    }
  }

  /** Makes the index of a kind now, so that the first search need not wait. */
  prepare(kind: string): void {
    this.index(kind)
  }

  /** Documents with every word of `query` somewhere in their searched texts, at most `limit`. */
  find(kind: string, query: string, limit: number): unknown[] {
    const words = wordsOf(query)
    const [first, ...others] = words.sort((one, other) => other.length - one.length)
    if (first === undefined) return []
    const { text, starts, entries, stale } = this.index(kind)
    const documents = this.held(kind)
    const found: unknown[] = []
    for (const id of stale) {
      const held = documents.get(id)
      if (held === undefined || found.length >= limit) continue
      const own = this.textOf(kind, held.document)
      if (words.every((word) => own.includes(word))) found.push(held.document)
    }
    for (let at = text.indexOf(first); at !== -1 && found.length < limit;) {
      const entry = lastAtOrBefore(starts, at)
      const end = starts[entry + 1] ?? text.length
      const held = entries[entry]
      const own = others.length === 0 ? '' : text.slice(starts[entry], end)
      if (held && !stale.has(held.id) && others.every((word) => own.includes(word)))
        found.push(held.document)
      at = text.indexOf(first, end)
    }
    return found
  }

  /** Whether a document that is not held has every word of `query`. */
  matches(kind: string, document: unknown, query: string): boolean {
    const own = this.textOf(kind, document)
    return wordsOf(query).every((word) => own.includes(word))
  }

  private index(kind: string): Index {
    const known = this.indexes.get(kind)
    if (known !== undefined) return known
    const entries = [...this.held(kind).values()]
    const texts: string[] = []
    const starts: number[] = []
    let at = 0
    for (const held of entries) {
      const own = `${this.textOf(kind, held.document)}\n`
      starts.push(at)
      texts.push(own)
      at += own.length
    }
    const made = { text: texts.join(''), starts, entries, stale: new Set<string>() }
    this.indexes.set(kind, made)
    return made
  }

  private textOf(kind: string, document: unknown): string {
    let text = ''
    for (const part of this.searched[kind]?.(document as never) ?? []) if (part) text += `\t${part}`
    return text.toLowerCase()
  }
}

function wordsOf(query: string): string[] {
  return query.toLowerCase().split(/\s+/).filter(Boolean)
}

/** The index of the last of `starts` that is not after `at`. */
function lastAtOrBefore(starts: number[], at: number): number {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= at) low = middle
    else high = middle - 1
  }
  return low
}
