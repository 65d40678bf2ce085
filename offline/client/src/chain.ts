/** In which order commands go, and what may not overtake what. */

import type { wire } from '@xunge/types'
import type { OutboxRecord } from './records'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Fields that name who acts or is acted for, not what is changed. */
const WHO = new Set(['to', 'user', 'post', 'worker', 'people'])

/** Ids of what a command changes: its bases, and what its payload names at the top. */
export function entitiesOf({ bases, payload }: Pick<wire.Command, 'bases' | 'payload'>): string[] {
  const named = Object.entries((payload ?? {}) as Record<string, unknown>).flatMap(
    ([field, value]) => (WHO.has(field) ? [] : value),
  )
  const ids = named.filter((each): each is string => typeof each === 'string' && UUID.test(each))
  return [...new Set([...Object.keys(bases), ...ids])]
}

export function isUrgent({ payload }: Pick<wire.Command, 'payload'>): boolean {
  return (payload as { urgent?: unknown } | null)?.urgent === true
}

export interface Plan {
  now: number
  /** Also what waits for its next try. */
  force: boolean
  /** What was tried in this run. */
  tried: ReadonlySet<string>
  /** What the service fell over: comes last, so that the others are not kept by it. */
  suspects: ReadonlySet<string>
}

/**
 * What is to be pushed now, in order: urgent before others, and what an urgent one builds on before
 * it. What waits keeps only those that build on it, or speak of the same, from going; what the
 * service holds keeps nobody, for it keeps the order itself.
 */
export function planOf(records: OutboxRecord[], plan: Plan): OutboxRecord[] {
  const open = records
    .filter(({ state }) => state === 'queued' || state === 'held')
    .sort((one, other) => one.seq - other.seq)
  const behind = new Set<string>()
  const due: OutboxRecord[] = []
  for (const record of open) {
    const waits = plan.tried.has(record.id) || (!plan.force && record.next_try > plan.now)
    const kept = linksOf(record).some((link) => behind.has(link))
    if (!waits && !kept) due.push(record)
    else if (kept || record.state === 'queued') note(behind, record)
  }
  const last = new Set<string>()
  const [tail, sound] = split(due, (record) => {
    if (!plan.suspects.has(record.id) && !linksOf(record).some((link) => last.has(link)))
      return false
    note(last, record)
    return true
  })
  const lifted = new Set<string>()
  const [head, rest] = split(sound.reverse(), (record) => {
    if (!record.urgent && ![record.id, ...record.entities].some((id) => lifted.has(id)))
      return false
    for (const link of linksOf(record)) lifted.add(link)
    return true
  })
  return [...head.reverse(), ...rest.reverse(), ...tail]
}

function split<T>(list: T[], belongs: (each: T) => boolean): [T[], T[]] {
  const [yes, no]: [T[], T[]] = [[], []]
  for (const each of list) (belongs(each) ? yes : no).push(each)
  return [yes, no]
}

/** The open records that a new command about `entities` comes after: the last about each. */
export function predecessors(records: OutboxRecord[], entities: string[]): string[] {
  const last = new Map<string, string>()
  for (const record of [...records].sort((one, other) => one.seq - other.seq)) {
    const open = record.receipt === null && (record.state === 'queued' || record.state === 'held')
    if (open) for (const entity of record.entities) last.set(entity, record.id)
  }
  return [...new Set(entities.flatMap((entity) => last.get(entity) ?? []))]
}

function linksOf({ after, entities }: OutboxRecord): string[] {
  return [...after, ...entities]
}

function note(set: Set<string>, { id, entities }: OutboxRecord): void {
  for (const each of [id, ...entities]) set.add(each)
}
