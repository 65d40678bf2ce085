/** A bucket's file as it comes: gzip of lines, never held whole. */

import type { wire } from '@xunge/types'
import { BLOCK_SIZE } from './block'

export interface Piece {
  lines: string[]
  documents: wire.Held[]
}

interface FileHead {
  bucket: string
  documents: number
  checksum: string
}

export function canUnzip(): boolean {
  return 'DecompressionStream' in globalThis
}

/**
 * The file's documents in pieces of about a block. Throws when a line is not what it should be, or the
 * file is another's; `read` hears of each byte that came over the wire.
 */
export async function* pieces(
  file: ReadableStream<Uint8Array<ArrayBuffer>>,
  { bucket, documents, checksum }: wire.Snapshot,
  read: (bytes: number) => void,
): AsyncGenerator<Piece> {
  let head: FileHead | null = null
  let [lines, size]: [string[], number] = [[], 0]
  const piece = (): Piece => {
    const made = { lines, documents: JSON.parse(`[${lines.join(',')}]`) as wire.Held[] }
    lines = []
    size = 0
    return made
  }
  for await (const line of linesOf(await unzip(file, read))) {
    if (head === null) {
      head = JSON.parse(line) as FileHead
      const { bucket: of, documents: many, checksum: sum } = head
      if (of !== bucket || many !== documents || sum !== checksum) throw new SyntaxError('head')
      continue
    }
    lines.push(line)
    size += line.length
    if (size >= BLOCK_SIZE) yield piece()
  }
  if (lines.length > 0) yield piece()
}

/** A server that says `content-encoding` has it unzipped before we see it. */
async function unzip(
  file: ReadableStream<Uint8Array<ArrayBuffer>>,
  read: (bytes: number) => void,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const counted = file.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(bytes, to) {
        read(bytes.length)
        to.enqueue(bytes)
      },
    }),
  )
  const reader = counted.getReader()
  const first = await reader.read()
  const rest = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(to) {
      if (first.value) to.enqueue(first.value)
    },
    async pull(to) {
      const next = await reader.read()
      if (next.done) to.close()
      else to.enqueue(next.value)
    },
    cancel: (reason) => reader.cancel(reason),
  })
  const zipped = first.value?.[0] === 0x1f && first.value[1] === 0x8b
  return zipped ? rest.pipeThrough(new DecompressionStream('gzip')) : rest
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      const parts = (rest + decoder.decode(value, { stream: !done })).split('\n')
      rest = parts.pop() ?? ''
      for (const line of parts) if (line !== '') yield line
      if (done) break
    }
    if (rest !== '') yield rest
  } finally {
    await reader.cancel()
  }
}
