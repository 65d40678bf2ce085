/** Lamps from clocks: the twin of backend/cases/rules/clocks.py. Instants are RFC 3339 text or ms. */

import type { cases } from '@xunge/types'

export type Lamp = 'green' | 'yellow' | 'red'
type Instant = string | number

/** Green until `yellowAt`, yellow until `dueAt`, red after; null when nothing runs. */
export function lamp(yellowAt: Instant | null, dueAt: Instant | null, now: Instant): Lamp | null {
  if (yellowAt === null || dueAt === null) return null
  if (milliseconds(now) > milliseconds(dueAt)) return 'red'
  return milliseconds(now) >= milliseconds(yellowAt) ? 'yellow' : 'green'
}

/** A clock's lamp; a stopped or paused one keeps the lamp at which it stopped. */
export function clockLamp(clock: cases.Clock, now: Instant): Lamp | null {
  const paused_at = clock.paused ? clock.spans.at(-1)?.until : null
  return lamp(clock.yellow_at, clock.due_at, clock.stopped_at ?? paused_at ?? now)
}

/** When a case's lamp turns yellow and red: the earliest among its running clocks. A paused one
 * lights nothing. */
export function instants(clocks: readonly cases.Clock[]): {
  yellow_at: string | null
  due_at: string | null
} {
  const running = clocks.filter(({ stopped_at, paused }) => stopped_at === null && !paused)
  return {
    yellow_at: earliest(running.map(({ yellow_at }) => yellow_at)),
    due_at: earliest(running.map(({ due_at }) => due_at)),
  }
}

/** The worst lamp of a case's running clocks; null when none runs. */
export function caseLamp({ clocks }: Pick<cases.Case, 'clocks'>, now: Instant): Lamp | null {
  const { yellow_at, due_at } = instants(clocks)
  return lamp(yellow_at, due_at, now)
}

function earliest(times: string[]): string | null {
  return times.reduce<string | null>(
    (first, time) => (first === null || milliseconds(time) < milliseconds(first) ? time : first),
    null,
  )
}

function milliseconds(instant: Instant): number {
  return typeof instant === 'number' ? instant : Date.parse(instant)
}
