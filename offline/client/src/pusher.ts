/** Sends commands in their order and records each outcome. Sending twice is harmless: the same
 * bytes under the same id are answered `repeated`. */

import type { wire } from '@xunge/types'
import { backoff } from './backoff'
import { ApiError, Unavailable, words } from './errors'
import type { Http } from './http'
import { clockOffset } from './offset'
import { type Clock, metaRecord, type Storage } from './ports'
import type { OutboxRecord } from './records'

const MAX_COMMANDS = 500
const MAX_BYTES = 1_000_000
const ASK_HELD_AGAIN_MS = 60_000
const BLAMES_THE_BODY = new Set([400, 413, 422])

export class Pusher {
  readonly sending = new Set<string>()

  constructor(
    private readonly storage: Storage,
    private readonly http: Http,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly changed: () => Promise<void>,
  ) {}

  /**
   * Sends what is due, each once; with `force` also what waits for its next try; whoever recorded
   * it, for the signature names the author. Throws Unavailable or ApiError once the server cannot be
   * asked further.
   */
  async push(force: boolean): Promise<void> {
    const tried = new Set<string>()
    let limit = MAX_COMMANDS
    for (;;) {
      const batch = batchOf(await this.due(force, tried), limit)
      if (batch.length === 0) return
      try {
        const accepted = await this.send(batch)
        for (const { id } of batch) tried.add(id)
        for (const id of await this.release(accepted)) tried.delete(id)
        limit = Math.min(limit * 2, MAX_COMMANDS)
      } catch (error) {
        if (!(error instanceof ApiError && BLAMES_THE_BODY.has(error.status))) {
          await this.postpone(batch, error)
          throw error
        }
        if (batch.length === 1) await this.refuse(batch, error)
        else limit = Math.ceil(batch.length / 2)
      }
    }
  }

  private async due(force: boolean, tried: Set<string>): Promise<OutboxRecord[]> {
    const now = this.clock.now()
    const records = await this.storage.run('read', ['outbox'], (t) => t.list('outbox'))
    const open = records
      .filter(({ id, state }) => (state === 'queued' || state === 'held') && !tried.has(id))
      .sort((one, other) => one.seq - other.seq)
    if (force) return open
    // What was recorded later never overtakes: it may build on what still waits.
    const waits = open.findIndex(({ state, next_try }) => state === 'queued' && next_try > now)
    return open.slice(0, waits === -1 ? undefined : waits).filter((each) => each.next_try <= now)
  }

  /** Pushes one batch, records the outcomes and returns the ids that are accepted. */
  private async send(batch: OutboxRecord[]): Promise<Set<string>> {
    for (const { id } of batch) this.sending.add(id)
    await this.changed()
    try {
      const request: wire.PushRequest = {
        commands: batch.map(({ body, signature }) => ({ body, signature, sealed: null })),
      }
      const asked = this.clock.now()
      const answer = await this.http.request<wire.PushResponse>('POST', '/sync/push', request)
      const offset = clockOffset(answer.server_time, asked, this.clock.now())
      if (!fits(answer, batch)) throw new Unavailable(words.intercepted)
      const settled = answer.outcomes.flatMap((outcome, index) => {
        const record = batch[index]
        return record ? [this.settle(record, outcome)] : []
      })
      await this.storage.run('write', ['outbox', 'meta'], async (t) => {
        await t.put('outbox', settled)
        await t.put('meta', [metaRecord('clock_offset_ms', offset)])
      })
      return new Set(settled.filter(({ state }) => state === 'accepted').map(({ id }) => id))
    } finally {
      for (const { id } of batch) this.sending.delete(id)
      await this.changed()
    }
  }

  private settle(record: OutboxRecord, { outcome, receipt, reasons }: wire.Outcome): OutboxRecord {
    const now = this.clock.now()
    const asked = { ...record, attempts: record.attempts + 1, last_error: null, reasons }
    if (outcome === 'held')
      return {
        ...asked,
        state: 'held',
        last_error: words.waiting,
        next_try: now + ASK_HELD_AGAIN_MS,
      }
    const settled = { ...asked, settled_at: now, next_try: 0 }
    if (outcome === 'rejected') return { ...settled, state: 'refused', receipt }
    if (outcome === 'clash' || receipt?.digest !== record.digest)
      return { ...settled, state: 'refused', reasons: [...reasons, clash] }
    return { ...settled, state: 'accepted', receipt }
  }

  /** Lets what was held for one of these ask again at once, and returns its ids. */
  private async release(accepted: Set<string>): Promise<string[]> {
    if (accepted.size === 0) return []
    return this.storage.run('write', ['outbox'], async (t) => {
      const held = (await t.list('outbox')).filter(
        ({ state, body }) =>
          state === 'held' &&
          (JSON.parse(body) as wire.Command).after.some((id) => accepted.has(id)),
      )
      await t.put(
        'outbox',
        held.map((record) => ({ ...record, next_try: 0 })),
      )
      return held.map(({ id }) => id)
    })
  }

  private async postpone(batch: OutboxRecord[], error: unknown): Promise<void> {
    const now = this.clock.now()
    if (!(error instanceof Unavailable || error instanceof ApiError)) return
    const expired = error instanceof ApiError && error.status === 401
    const wait = error instanceof Unavailable ? error.retry_after_ms : null
    await this.rewrite(batch, (record) => ({
      ...record,
      attempts: record.attempts + (expired ? 0 : 1),
      next_try: expired ? 0 : now + (wait ?? backoff(record.attempts + 1, this.random)),
      last_error: expired ? words.expired : error.message,
    }))
  }

  private async refuse(batch: OutboxRecord[], { code, message, field }: ApiError): Promise<void> {
    await this.rewrite(batch, (record) => ({
      ...record,
      state: 'refused',
      attempts: record.attempts + 1,
      last_error: null,
      reasons: [{ code, message, field }],
      settled_at: this.clock.now(),
    }))
  }

  private async rewrite(
    batch: OutboxRecord[],
    change: (record: OutboxRecord) => OutboxRecord,
  ): Promise<void> {
    await this.storage.run('write', ['outbox'], (t) => t.put('outbox', batch.map(change)))
    await this.changed()
  }
}

const clash: wire.Reason = { code: 'clash', message: words.clash, field: null }

function batchOf(due: OutboxRecord[], limit: number): OutboxRecord[] {
  let bytes = 0
  const batch = due.slice(0, limit)
  const end = batch.findIndex(({ body }) => (bytes += body.length * 2) > MAX_BYTES)
  return end === -1 ? batch : batch.slice(0, Math.max(1, end))
}

/** Whether this answers just these commands. */
function fits(answer: wire.PushResponse, batch: OutboxRecord[]): boolean {
  return (
    answer.outcomes.length === batch.length &&
    batch.every(({ id }, index) => {
      const outcome = answer.outcomes[index]
      const needsReceipt = outcome?.outcome === 'accepted' || outcome?.outcome === 'repeated'
      return outcome?.id === id && !(needsReceipt && outcome.receipt === null)
    })
  )
}
