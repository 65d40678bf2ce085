/** One entry of the replica's log: what a page, a piece of a snapshot or a pull's end changed. */

import type { wire } from '@xunge/types'

export interface BlockHead {
  /** Every document of this block is a member of it, at its own version; null: `members` says all. */
  bucket: string | null
  members: wire.Member[]
  /** Buckets that are gone with all their members. */
  dropped: string[]
  /** Keys of documents that no bucket holds any more. */
  orphans: string[]
}

export interface Block extends BlockHead {
  documents: wire.Held[]
}

/** How large a block of many documents becomes, in characters. */
export const BLOCK_SIZE = 200_000

export const emptyBlock: Block = {
  bucket: null,
  members: [],
  dropped: [],
  orphans: [],
  documents: [],
}

/** What a block's encryption is bound to: its format, its store and its number. */
export function bound(store: 'blocks' | 'reference', key: string): string {
  return `xunge block 2 ${store} ${key}`
}

/** The key of a document, by which members and documents meet. */
export function entityKey({ kind, id }: { kind: string; id: string }): string {
  return `${kind}/${id}`
}

export function kindOf(entity: string): string {
  return entity.slice(0, entity.indexOf('/'))
}

/** A first line of JSON for the head, and one for the array of documents, which are JSON already. */
export function encodeBlock(head: BlockHead, lines: string[]): Uint8Array<ArrayBuffer> {
  const { bucket, members, dropped, orphans } = head
  const first = JSON.stringify({ bucket, members, dropped, orphans })
  return new TextEncoder().encode(`${first}\n[${lines.join(',')}]`)
}

export function linesOf(documents: wire.Held[]): string[] {
  return documents.map(({ kind, id, version, document }) =>
    JSON.stringify({ kind, id, version, document }),
  )
}

export function decodeBlock(bytes: Uint8Array<ArrayBuffer>): Block {
  const text = new TextDecoder().decode(bytes)
  const end = text.indexOf('\n')
  // One array at once is read twice as fast as each document by itself.
  const documents = JSON.parse(text.slice(end + 1)) as wire.Held[]
  return { ...(JSON.parse(text.slice(0, end)) as BlockHead), documents }
}
