/** The server's side of pull: entities in buckets, one row each, as design section 4 has it. */

import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { wire } from '@xunge/types'

interface Row {
  bucket: string
  entity: number
  removed: boolean
  at: number
}

interface File extends Omit<wire.Snapshot, 'bytes'> {
  at: number
  bytes: Uint8Array<ArrayBuffer>
}

export class Feed {
  readonly versions = new Map<number, number>()
  readonly rows = new Map<string, Row>()
  allowed = new Set(['a'])
  epoch = 'epoch-1'
  private moment = 0
  private readonly files = new Map<string, File>()

  constructor(private readonly pageSize: number) {}

  /** Makes the file of a bucket as it is now. */
  snap(bucket: string): void {
    const rows = [...this.rows.values()].filter((row) => row.bucket === bucket && !row.removed)
    const held = rows.map(({ entity }) => this.document(entity))
    const checksum = this.checksum(bucket)
    const head = { bucket, documents: held.length, checksum }
    const text = [head, ...held].map((line) => `${JSON.stringify(line)}\n`).join('')
    const bytes = Uint8Array.from(gzipSync(text))
    const id = `${bucket}-${this.moment}`
    this.files.set(bucket, { ...head, id, bytes, at: this.moment })
  }

  file(id: string): Uint8Array<ArrayBuffer> | null {
    return [...this.files.values()].find((file) => file.id === id)?.bytes ?? null
  }

  /** Cuts or changes a file. */
  damage(bucket: string, how: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>): void {
    const file = this.files.get(bucket)
    if (file) file.bytes = how(file.bytes)
  }

  checksum(bucket: string): string {
    const lines = [...this.rows.values()]
      .filter((row) => row.bucket === bucket && !row.removed)
      .map(({ entity }) => `${idOf(entity)} ${this.versions.get(entity) ?? 0}\n`)
    return createHash('sha256').update(lines.sort().join('')).digest('hex')
  }

  private document(entity: number): wire.Held {
    const version = this.versions.get(entity) ?? 0
    const id = idOf(entity)
    return { kind: 'case', id, version, document: { id, version, title: `路灯 ${entity}` } }
  }

  put(entity: number, buckets: readonly string[]): void {
    this.versions.set(entity, (this.versions.get(entity) ?? 0) + 1)
    const at = ++this.moment
    for (const row of this.rows.values())
      if (row.entity === entity && !row.removed && !buckets.includes(row.bucket))
        Object.assign(row, { removed: true, at })
    for (const bucket of buckets)
      this.rows.set(`${bucket} ${entity}`, { bucket, entity, removed: false, at })
  }

  held(): Map<string, number> {
    const rows = [...this.rows.values()].filter((r) => !r.removed && this.allowed.has(r.bucket))
    return new Map(rows.map(({ entity }) => [idOf(entity), this.versions.get(entity) ?? 0]))
  }

  pull({ cursor, epoch, buckets, page, check, snapshots }: wire.PullRequest): wire.PullResponse {
    const reset = cursor !== null && epoch !== this.epoch
    const since = reset || cursor === null ? 0 : Number(cursor)
    const fresh = [...this.allowed].filter((bucket) => since === 0 || !buckets.includes(bucket))
    const [offset, until] =
      page === null ? [0, this.moment] : (JSON.parse(page) as [number, number])
    const files = snapshots ? fresh.flatMap((bucket) => this.files.get(bucket) ?? []) : []
    const due = ({ bucket, removed, at }: Row): boolean => {
      const file = files.find((each) => each.bucket === bucket)
      if (file !== undefined) return at > file.at
      return fresh.includes(bucket) ? !removed : at > since
    }
    const rows = [...this.rows.values()]
      .filter((row) => this.allowed.has(row.bucket) && due(row) && row.at <= until)
      .sort((one, other) => one.at - other.at)
    const more = offset + this.pageSize < rows.length
    const late = [...this.rows.values()].filter(
      ({ bucket, at }) => this.allowed.has(bucket) && at > until,
    )
    const part = [...rows.slice(offset, offset + this.pageSize), ...(more ? [] : late)]
    return {
      epoch: this.epoch,
      server_time: '2026-11-21T00:00:00Z',
      buckets: [...this.allowed],
      fresh,
      members: part.map(({ bucket, entity, removed }) => ({
        ...{ bucket, kind: 'case', id: idOf(entity), removed },
        version: this.versions.get(entity) ?? 0,
      })),
      documents: part.filter(({ removed }) => !removed).map(({ entity }) => this.document(entity)),
      cursor: String(more ? until : this.moment),
      page: more ? JSON.stringify([offset + this.pageSize, until]) : null,
      reset: reset ? 'epoch' : null,
      snapshots:
        page === null
          ? files.map(({ bucket, id, bytes, documents, checksum }) => ({
              ...{ bucket, id, documents, checksum, bytes: bytes.length },
            }))
          : [],
      checksums:
        check && !more
          ? Object.fromEntries([...this.allowed].map((bucket) => [bucket, this.checksum(bucket)]))
          : null,
    }
  }
}

export const idOf = (entity: number): string =>
  `01890000-0000-7000-8000-${String(entity).padStart(12, '0')}`
