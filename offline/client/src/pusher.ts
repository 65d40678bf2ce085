/** Sends commands in their order and records each outcome. Sending twice is harmless: the same
 * bytes under the same id are answered `repeated`. */

import type { wire } from '@xunge/types'
import { backoff } from './backoff'
import { planOf } from './chain'
import { ApiError, Unavailable, words } from './errors'
import type { Http } from './http'
import { sendAgain } from './media'
import { measure } from './offset'
import type { Clock, Storage } from './ports'
import type { OutboxRecord } from './records'

const MAX_COMMANDS = 500
const MAX_BYTES = 1_000_000
const ASK_HELD_AGAIN_MS = 60_000
const BLAMES_THE_BODY = new Set([400, 413, 422])
/** Held, but not stored: only its author's own session is believed. */
const NOT_KEPT = new Set(['unknown_device', 'not_author'])
/** The service, or what stands before it, broke down: perhaps over what was sent. */
const FELL_OVER = new Set([500, 502, 504])
/** So many single items in a row mean that it is down, whatever is sent. */
const STRIKES = 2

export class Pusher {
  readonly sending = new Set<string>()
  /** The life of the service that answered last. */
  epoch: string | null = null
  private limit = MAX_COMMANDS
  private readonly suspects = new Set<string>()

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
   * asked further. One item that the service cannot take is found by halves and keeps no other.
   */
  async push(force: boolean): Promise<void> {
    const tried = new Set<string>()
    let strikes = 0
    for (;;) {
      const plan = await this.plan(force, tried)
      const batch = batchOf(plan, this.limit, this.suspects)
      if (batch.length === 0) return
      try {
        const accepted = await this.send(batch)
        for (const { id } of batch) tried.add(id)
        for (const { id } of batch) this.suspects.delete(id)
        for (const id of await this.release(accepted)) tried.delete(id)
        this.limit = Math.min(this.limit * 2, MAX_COMMANDS)
        strikes = 0
      } catch (error) {
        const narrowed = batch.length > 1 && blamesSize(error)
        if (narrowed) this.limit = Math.ceil(batch.length / 2)
        if (error instanceof ApiError && BLAMES_THE_BODY.has(error.status)) {
          if (!narrowed) await this.refuse(batch, error)
        } else if (!narrowed || !fellOver(error)) {
          const alone = batch.length === 1 && blamesSize(error)
          if (alone) for (const { id } of batch) this.suspects.add(id)
          const over = !alone || ++strikes >= STRIKES
          await this.postpone(over && alone ? plan : batch, error)
          if (over) throw error
          for (const { id } of batch) tried.add(id)
        }
      }
    }
  }

  private async plan(force: boolean, tried: Set<string>): Promise<OutboxRecord[]> {
    const records = await this.storage.run('read', ['outbox'], (t) => t.list('outbox'))
    return planOf(records, { now: this.clock.now(), force, tried, suspects: this.suspects })
  }

  /** Pushes one batch, records the outcomes and returns the ids that are accepted. */
  private async send(batch: OutboxRecord[]): Promise<Set<string>> {
    for (const { id } of batch) this.sending.add(id)
    await this.changed()
    try {
      const request: wire.PushRequest = {
        commands: batch.map(itemOf),
      }
      const asked = this.clock.now()
      const answer = await this.http.request<wire.PushResponse>('POST', '/sync/push', request)
      const answered = this.clock.now()
      if (!fits(answer, batch)) throw new Unavailable(words.intercepted)
      this.epoch = answer.epoch
      const settled = await this.storage.run('write', ['outbox', 'media', 'meta'], async (t) => {
        await measure(t, answer.server_time, asked, answered)
        // Read anew: it may have been locked while it was on its way.
        const records = await t.getMany('outbox', idsOf(batch))
        const settled = records.flatMap((record, index) => {
          const outcome = answer.outcomes[index]
          return record && outcome ? [this.settle(record, outcome, answer.epoch)] : []
        })
        for (const record of records)
          if (record?.epoch != null && record.epoch !== answer.epoch) await sendAgain(t, record.id)
        await t.put('outbox', settled)
        return settled
      })
      return new Set(settled.filter(({ state }) => state === 'accepted').map(({ id }) => id))
    } finally {
      for (const { id } of batch) this.sending.delete(id)
      await this.changed()
    }
  }

  private settle(
    record: OutboxRecord,
    { outcome, receipt, reasons }: wire.Outcome,
    epoch: string,
  ): OutboxRecord {
    const now = this.clock.now()
    // Reasons may quote what a locked item no longer shows.
    const said = record.body === null ? [] : reasons
    const asked = {
      ...record,
      ...{ epoch, attempts: record.attempts + 1, last_error: null, reasons: said },
    }
    if (outcome === 'held') {
      const doubt = reasons.find(({ code }) => NOT_KEPT.has(code))
      return {
        ...asked,
        state: doubt ? 'queued' : 'held',
        last_error: doubt?.message ?? said[0]?.message ?? words.waiting,
        next_try: now + ASK_HELD_AGAIN_MS,
      }
    }
    const settled = { ...asked, settled_at: now, next_try: 0 }
    if (outcome === 'rejected') return { ...settled, state: 'refused', receipt }
    if (outcome === 'clash' || (record.digest !== null && receipt?.digest !== record.digest))
      return { ...settled, state: 'refused', reasons: [...said, clash] }
    return { ...settled, state: 'accepted', receipt }
  }

  /** Lets what was held for one of these ask again at once, and returns its ids. */
  private async release(accepted: Set<string>): Promise<string[]> {
    if (accepted.size === 0) return []
    return this.storage.run('write', ['outbox'], async (t) => {
      const records = await t.list('outbox')
      const corrected = records.filter(({ id }) => accepted.has(id)).map(({ corrects }) => corrects)
      const settled = new Set([...accepted, ...corrected])
      const held = records.filter(
        ({ state, after }) => state === 'held' && after.some((id) => settled.has(id)),
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
    await this.storage.run('write', ['outbox'], async (t) => {
      const records = await t.getMany('outbox', idsOf(batch))
      const open = records.filter((each) => each?.state === 'queued' || each?.state === 'held')
      await t.put('outbox', (open as OutboxRecord[]).map(change))
    })
    await this.changed()
  }
}

function idsOf(batch: OutboxRecord[]): string[] {
  return batch.map(({ id }) => id)
}

const clash: wire.Reason = { code: 'clash', message: words.clash, field: null }

/** As it goes on the wire: in the clear, or sealed once it is locked. */
function itemOf({ body, signature, sealed, receipt }: OutboxRecord): wire.Item {
  const accepted_in = receipt?.epoch ?? null
  return body === null
    ? { body: '', signature: null, sealed, accepted_in }
    : { body, signature, sealed: null, accepted_in }
}

/** What goes together: a suspect goes alone. Within a push the device's order stands. */
function batchOf(
  plan: OutboxRecord[],
  limit: number,
  suspects: ReadonlySet<string>,
): OutboxRecord[] {
  let bytes = 0
  const batch = plan.slice(0, limit)
  const end = batch.findIndex((record) => {
    bytes += (record.body ?? record.sealed ?? '').length * 2
    return bytes > MAX_BYTES || suspects.has(record.id)
  })
  return batch
    .slice(0, end === -1 ? undefined : Math.max(1, end))
    .sort((one, other) => one.seq - other.seq)
}

function fellOver(error: unknown): boolean {
  return error instanceof Unavailable && error.status === 500
}

/** Whether fewer at once may get through. */
function blamesSize(error: unknown): boolean {
  if (error instanceof ApiError) return BLAMES_THE_BODY.has(error.status)
  return (
    error instanceof Unavailable &&
    (error.message === words.slow || FELL_OVER.has(error.status ?? 0))
  )
}

/** Whether this answers just these commands. */
function fits(answer: wire.PushResponse, batch: OutboxRecord[]): boolean {
  return (
    answer.outcomes.length === batch.length &&
    batch.every(({ id }, index) => {
      const outcome = answer.outcomes[index]
      const needsReceipt = outcome?.outcome === 'accepted' || outcome?.outcome === 'repeated'
      // What the service cannot open it cannot name.
      const names = outcome?.id === id || (outcome?.id === null && outcome.outcome === 'rejected')
      return names && !(needsReceipt && outcome.receipt === null)
    })
  )
}
