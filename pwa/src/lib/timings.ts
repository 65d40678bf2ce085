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
  limit: Clock['limit']
  owner: string | null
}

export const WHOLE = 'whole'

/** The clocks that have not stopped, the earliest first, each called by what it times. */
export function timings(
  { clocks, assignments }: Pick<cases.Case, 'clocks' | 'assignments'>,
  names: { state: (code: string) => string; org: (code: string) => string },
): Timing[] {
  const open = new Set(assignments.filter(({ state }) => state === 'open').map(({ org }) => org))
  return clocks
    .filter(({ stopped_at }) => stopped_at === null)
    .map((clock) => ({
      id: clock.id,
      name: nameOf(clock),
      due: clock.due_at,
      yellow: clock.yellow_at,
      paused: clock.paused,
      natural: clock.limit.unit.startsWith('urgent'),
      limit: clock.limit,
      owner: clock.owner,
    }))
    .sort((a, b) => Date.parse(a.due) - Date.parse(b.due))

  function nameOf(clock: Clock): string {
    if (clock.owner !== null) {
      const org = assignments.find(({ id }) => id === clock.owner)?.org
      return open.size > 1 && org !== undefined ? `处置时限（${names.org(org)}）` : '处置时限'
    }
    return clock.name === WHOLE ? '全程时限' : `${names.state(clock.name)}时限`
  }
}
