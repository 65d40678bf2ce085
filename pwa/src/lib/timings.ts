import type { cases } from '@xunge/types'

type Clock = cases.Clock

export interface Timing {
  id: string
  name: string
  due: string
  yellow: string
  paused: boolean
  /** Nights and holidays count. */
  natural: boolean
  /** The limit, and what extensions added. */
  limits: Clock['limit'][]
}

export const WHOLE = 'whole'

/**
 * The clocks that have not stopped, the earliest first, each called by what it times; of several
 * orgs' only the earliest, for each org's own stands beside its part. What waits for the case to
 * come back to an earlier state is nobody's limit now; a suspended case shows all that stands still.
 */
export function timings(
  { clocks, assignments, suspended }: Pick<cases.Case, 'clocks' | 'assignments' | 'suspended'>,
  names: { state: (code: string) => string; org: (code: string) => string },
): Timing[] {
  const running = clocks
    .filter(({ stopped_at }) => stopped_at === null)
    .sort((a, b) => Date.parse(a.due_at) - Date.parse(b.due_at))
  const parts = running.filter(({ owner }) => owner !== null)
  const first = parts.find(({ paused }) => !paused) ?? parts[0]
  return running
    .filter((clock) =>
      clock.owner === null ? suspended || !clock.paused || clock.name === WHOLE : clock === first,
    )
    .map((clock) => ({
      id: clock.id,
      name: nameOf(clock),
      due: clock.due_at,
      yellow: clock.yellow_at,
      paused: clock.paused,
      natural: clock.limit.unit.startsWith('urgent'),
      limits: [clock.limit, ...clock.extra],
    }))

  function nameOf(clock: Clock): string {
    if (clock.owner === null)
      return clock.name === WHOLE ? '全程时限' : `${names.state(clock.name)}时限`
    const org = assignments.find(({ id }) => id === clock.owner)?.org
    return parts.length > 1 && org !== undefined
      ? `处置时限（最早：${names.org(org)}）`
      : '处置时限'
  }
}
